"""What scored phrases select: their similarities, hard slices and embeddings, by the ids of their scores."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotations.models import Score
from annotations.models.arrays import unpack_float32


def similarities_of(scores: Sequence[int]) -> NDArray[np.float32]:
    """Return sign times similarity of each score's class images, float32[K, n], in the order of the ids given."""
    rows = {pk: _signed(sign, data) for pk, sign, data in _arrays(scores, "sign", "similarities")}
    return np.stack([rows[pk] for pk in scores]) if scores else np.empty((0, 0), np.float32)


def hard_slices(scores: Sequence[int]) -> NDArray[np.bool_]:
    """Return which class images are above each score's threshold, bool[K, n]; none for a score of 0."""
    rows = {
        pk: np.zeros(len(data) // 4, np.bool_) if threshold is None else _signed(sign, data) > np.float32(threshold)
        for pk, sign, threshold, data in _arrays(scores, "sign", "threshold", "similarities")
    }
    return np.stack([rows[pk] for pk in scores]) if scores else np.empty((0, 0), np.bool_)


def embeddings_of(scores: Sequence[int]) -> NDArray[np.float32]:
    """Return the unit embedding of each score's subject, float32[K, d], in the order of the ids given."""
    rows = {pk: unpack_float32(data) for pk, data in _arrays(scores, "text_embedding")}
    return np.stack([rows[pk] for pk in scores]) if scores else np.empty((0, 0), np.float32)


def _arrays(scores: Sequence[int], *fields: str) -> Iterator[tuple[Any, ...]]:
    yield from Score.objects.filter(pk__in=scores).order_by("pk").values_list("pk", *fields).iterator(100)


def _signed(sign: int, data: bytes) -> NDArray[np.float32]:
    return np.float32(sign) * unpack_float32(data)
