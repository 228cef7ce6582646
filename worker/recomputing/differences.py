"""What came out differently, and what only rounding did."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Model
from numpy.typing import NDArray

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


def differing_fields(names: Iterable[str], stored: Model, again: Model) -> Iterator[Difference]:
    """Compare fields that must be the same."""
    for name in names:
        yield from differing_values(name, getattr(stored, name), getattr(again, name))


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
        yield Difference(name, f"of shape {list(stored.shape)}", f"of shape {list(again.shape)}")
        return
    distances = np.abs(stored.astype(np.float64) - again)
    if stored.size and not distances.max() <= rounding:  # also where one is not a number
        place = np.unravel_index(int(np.argmax(distances)), stored.shape)
        at = ", ".join(str(int(index)) for index in place)
        yield Difference(f"{name} [{at}]", repr(float(stored[place])), repr(float(again[place])))
