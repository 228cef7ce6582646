"""Vocabulary levels: which tasks lack theirs, and storing one once for all tasks that it fits."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from annotations.base.version import CODE_VERSION
from annotations.datasets.class_images import default_target_class
from annotations.models import BaseModel, Task, VocabularyLevel
from annotations.models.arrays import pack_float64
from annotations.phrases.vocabulary_levels import WHOLE, LevelKey, half_of, words_in
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.phrases.vocabulary_level import vocabulary_level


def lacking() -> list[LevelKey]:
    """Return what tasks of all studies still lack, also of drafts; and the halves of studies with a bonus.

    Nothing of languages that the site has no list of words of.
    """
    tasks = Task.objects.exclude(base_model__dataset__similarity_encoder="").select_related("study")
    wanted = dict.fromkeys(key for task in tasks.order_by("pk") for key in _keys(task))
    known = set(VocabularyLevel.objects.values_list("base_model", "target_class", "text_template", "language", "half"))
    has_words = {language: bool(words_in(language)) for language in {key.language for key in wanted}}
    return [key for key in wanted if key not in known and has_words[key.language]]


def level_row(
    key: LevelKey,
    is_error: NDArray[np.bool_],
    scores: NDArray[np.float64],
    negated_scores: NDArray[np.float64],
    *,
    n_distinct: int = 0,
    words_digest: str = "",
    versions: dict[str, str],
) -> VocabularyLevel:
    """Return the row, not stored, that holds the scores of words on n images; none where these are too few."""
    of_key = key._asdict()
    return VocabularyLevel(
        base_model_id=of_key.pop("base_model"),
        **of_key,
        n_correct=int((~is_error).sum()),
        n_error=int(is_error.sum()),
        level=vocabulary_level(scores) if len(scores) else None,
        negated_level=vocabulary_level(negated_scores) if len(scores) else None,
        scores=pack_float64(scores),
        negated_scores=pack_float64(negated_scores),
        words_digest=words_digest,
        n_words=len(scores),
        n_distinct=n_distinct,
        code_version=CODE_VERSION,
        versions=versions,
    )


def store(level: VocabularyLevel) -> None:
    """Store a level, unless another worker has meanwhile."""
    VocabularyLevel.objects.bulk_create([level], ignore_conflicts=True)


def _keys(task: Task) -> Iterator[LevelKey]:
    try:
        target_class = _hardest(task.base_model_id) if task.target_class is None else task.target_class
    except ModelingError:  # the data set cannot be read, or has no predictions: pre-flight tells that
        return
    words = task.text_template, task.study.phrase_language
    yield LevelKey(task.base_model_id, target_class, *words, WHOLE)
    if task.study.bonus_cents:
        yield LevelKey(task.base_model_id, target_class, *words, half_of(task.study))


@lru_cache(maxsize=1024)
def _hardest(base_model: int) -> int:
    """The class that a draft's task will have. A base model never changes."""
    return default_target_class(BaseModel.objects.select_related("dataset").get(pk=base_model))
