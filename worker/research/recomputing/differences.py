"""What came out differently, and what only rounding did."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Model
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import ModelingError

# Of vectors of length 1. An encoder's rounding depends on batch and machine, that of a dot product on the machine.
EMBEDDING_ROUNDING = 1e-5
SIMILARITY_ROUNDING = 1e-6
NUMBER_ROUNDING = 1e-9


@dataclass(frozen=True)
class Difference:
    """A field, what is stored in it, and what came out now, in words."""

    field: str
    stored: str
    again: str

    def __str__(self) -> str:
        return f"{self.field}: stored {self.stored}, now {self.again}"


def listed(differences: Iterator[Difference], what: str, stored: str) -> list[Difference]:
    """All of them, or the one that `what` cannot be recomputed."""
    try:
        return list(differences)
    except ModelingError as error:
        return [Difference(what, stored, f"cannot be recomputed: {error}")]


def differing_fields(names: Iterable[str], stored: Model, again: object) -> Iterator[Difference]:
    """Compare fields that must be the same."""
    for name in names:
        yield from differing_values(name, getattr(stored, name), getattr(again, name))


def rounded_fields(roundings: Mapping[str, float], stored: Model, again: object) -> Iterator[Difference]:
    """Compare fields of numbers, each by its own rounding."""
    for name, rounding in roundings.items():
        yield from differing_numbers(name, getattr(stored, name), getattr(again, name), rounding)


def differing_values(name: str, stored: Any, again: Any) -> Iterator[Difference]:
    """Compare two values that must be the same."""
    if stored != again:
        yield Difference(name, repr(stored), repr(again))


def differing_numbers(
    name: str, stored: float | None, again: float | None, rounding: float = NUMBER_ROUNDING
) -> Iterator[Difference]:
    """Compare two numbers that may differ by rounding, or are both not there."""
    if stored is None or again is None or not abs(stored - again) <= rounding:
        yield from differing_values(name, stored, again)


def differing_arrays(
    name: str, stored: NDArray[np.floating], again: NDArray[np.floating], rounding: float
) -> Iterator[Difference]:
    """Compare two arrays whose numbers may differ by rounding; the words name the place where they differ most."""
    if stored.shape != again.shape:
        shapes = (stored.shape, again.shape)
        yield Difference(name, *(f"{n[0]} of them" if len(n) == 1 else f"of shape {list(n)}" for n in shapes))
        return
    distances = np.abs(stored.astype(np.float64) - again)
    if stored.size and not distances.max() <= rounding:  # also where one is not a number
        place = np.unravel_index(int(np.argmax(distances)), stored.shape)
        at = ", ".join(str(int(index)) for index in place)
        yield Difference(f"{name} [{at}]", repr(float(stored[place])), repr(float(again[place])))
