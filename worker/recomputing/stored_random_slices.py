"""Stored random slices, drawn, trained and scored again."""

from collections.abc import Iterator, Sequence

from annotations.models import RandomSlices
from annotations.services.retraining.random_slices import SliceKey
from modeling.arrays.common.modeling_errors import ModelingError
from worker.recomputing.differences import NUMBER_ROUNDING, Difference, differing_values
from worker.retraining import random_slices


def random_slice_differences(draws: RandomSlices) -> list[Difference]:
    """Train a set of draws again, score it under each base model that has scores, and return what differs."""
    try:
        return list(_differences(draws))
    except ModelingError as error:
        return [Difference("worst_groups", f"{len(draws.worst_groups)} of them", f"cannot be recomputed: {error}")]


def _differences(draws: RandomSlices) -> Iterator[Difference]:
    key = SliceKey(draws.target_class, draws.n_above, draws.scheme)
    yield from differing_values("seed", draws.seed, key.seed(draws.dataset.digest))
    yield from _lists("worst_groups", draws.worst_groups, random_slices.worst_groups(draws.dataset, key, draws.l2))
    for scored in draws.scores.select_related("base_model__dataset"):
        name = f"scores under {scored.base_model.name}"
        yield from _lists(name, scored.values, random_slices.scores(scored.base_model, key))


def _lists(name: str, stored: Sequence[float], again: Sequence[float]) -> Iterator[Difference]:
    if len(stored) != len(again):
        yield Difference(name, f"{len(stored)} of them", f"{len(again)} of them")
        return
    for place, (before, now) in enumerate(zip(stored, again, strict=True)):
        if not abs(before - now) <= NUMBER_ROUNDING:
            yield Difference(f"{name} [{place}]", repr(before), repr(now))
