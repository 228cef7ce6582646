"""What phrases select: the words and the scored annotation behind each, and their hard slices."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from annotations.models import Score, SessionKind, Study
from annotations.models.arrays import unpack_float32

_AT_ONCE = 5_000


class Selection(NamedTuple):
    """The annotation behind a phrase: phrases with one embedding and one sign select the same images of a class."""

    score: int
    text: str
    digest: str
    sign: int

    @property
    def key(self) -> tuple[str, int]:
        return self.digest, self.sign


def selections(study: Study) -> dict[int, Selection]:
    """Return the annotation of each scored phrase by the phrase's id: of the study, and of experts on its classes."""
    found: dict[int, Selection] = {}
    for base_model, label in (
        study.tasks.exclude(target_class=None).values_list("base_model", "target_class").distinct()
    ):
        scores = Score.objects.filter(
            Q(phrase__assignment__session__study=study) | Q(phrase__assignment__session__kind=SessionKind.EXPERT),
            phrase__assignment__task__base_model=base_model,
            phrase__assignment__task__target_class=label,
        ).order_by()
        rows = scores.values_list("phrase_id", "pk", "phrase__text", "text_digest", "sign")
        for phrase, score, text, digest, sign in rows.iterator(_AT_ONCE):
            found[phrase] = Selection(score, text, digest, sign)
    return found


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
    signed: NDArray[np.float32] = np.float32(sign) * unpack_float32(data)
    return signed
