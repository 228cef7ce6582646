"""What common words reach on a task's images, where the worker has scored them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.datasets.class_images import class_images
from annotations.models import BaseModel, Study, Task, VocabularyLevel
from annotations.models.arrays import without_arrays
from clarify_errors.arrays.phrases.held_out import scoring_half
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH
from clarify_errors.arrays.phrases.vocabulary_level import is_telling
from clarify_errors.arrays.phrases.word_forms import common_words, words_of_list


def guessing_level(task: Task, n_correct: int, n_error: int, sign: int, common: VocabularyLevel | None) -> float:
    """Return the error score that guessing reaches on a task's images: the same from the first try to the last.

    The greater of two: what the best of all phrases that the task scores reaches with words unrelated to the errors,
    and what one common word reaches ("no …" with sign -1), where the worker has measured that.
    """
    unrelated = null_level(n_correct, n_error, task.max_scored)
    return max(unrelated, (common and common.of_sign(sign)) or 0.0)


WHOLE = ""
WORDS_FOLDER = "common-words"


class LevelKey(NamedTuple):
    """What tells one level from another: images, the template that words are put into, and their language."""

    base_model: int
    target_class: int
    text_template: str
    language: str
    half: str

    @classmethod
    def of(cls, row: VocabularyLevel) -> Self:
        """Return the key of a stored level."""
        return cls(row.base_model_id, row.target_class, row.text_template, row.language, row.half)


def words_in(language: str) -> tuple[str, ...]:
    """Return common words: Clarify's own English ones; of another language those that the site has a file of, or none.

    An operator puts them into `common-words/<code>.txt` below DATA_ROOT, one a line.
    """
    file = settings.DATA_ROOT / WORDS_FOLDER / f"{language}.txt"
    if language == ENGLISH:
        return common_words()
    return words_of_list(file.read_text("utf-8")) if file.is_file() else ()


def half_of(study: Study) -> str:
    """Return the seed of the half of a class's images on which the study's bonus is earned."""
    return f"bonus/{study.slug}"


@lru_cache(maxsize=64)
def is_in_half(base_model: BaseModel, target_class: int, half: str) -> NDArray[np.bool_]:
    """Return which of the class's images are in a half; neither they nor the slug of an open study change."""
    images = class_images(base_model, target_class)
    return scoring_half(base_model.dataset.files.image_keys[images.rows], images.is_error, half)


def half_is_telling(study: Study, task: Task, target_class: int) -> bool:
    """Return whether the half of the task's images on which the bonus is earned is large enough for a level."""
    is_error = class_images(task.base_model, target_class).is_error
    is_error = is_error[is_in_half(task.base_model, target_class, half_of(study))]
    return is_telling(int((~is_error).sum()), int(is_error.sum()))


@lru_cache(maxsize=4096)
def best_score(level: int) -> float:
    """Return the score of the best common word, by the id of a level that was scored: it never changes."""
    return float(VocabularyLevel.objects.only("scores").get(pk=level).scores_of(1).max())


def levels_by_key(base_models: Iterable[int]) -> dict[LevelKey, VocabularyLevel]:
    """Return all levels on some base models, without scores: a draft's tasks may have no class of their own yet."""
    found = without_arrays(VocabularyLevel.objects.filter(base_model__in=base_models))
    return {LevelKey.of(row): row for row in found}


def levels_of(tasks: Iterable[Task], half: str = WHOLE, *, with_scores: bool = False) -> dict[int, VocabularyLevel]:
    """Return the levels that are scored, by the id of the task, whose class is known.

    with_scores: also what each word reaches, but not each "no …".
    """
    keys = {
        task.pk: (task.base_model_id, task.target_class, task.text_template, task.study.phrase_language, half)
        for task in tasks
    }
    models, classes, templates = (set(values) for values in list(zip(*keys.values(), strict=True))[:3] or ((), (), ()))
    found = VocabularyLevel.objects.filter(
        base_model__in=models, target_class__in=classes, text_template__in=templates, half=half
    )
    found = found.defer("negated_scores") if with_scores else without_arrays(found)
    known = {LevelKey.of(row): row for row in found}
    return {task: known[key] for task, key in keys.items() if key in known}
