"""What common words reach, as the worker would have stored it, with scores that a test chooses."""

from collections.abc import Sequence

import numpy as np

from annotations.models import Task, VocabularyLevel
from annotations.models.arrays import pack_float64
from annotations.phrases.vocabulary_levels import WHOLE
from clarify_errors.arrays.phrases.vocabulary_level import MIN_DISTINCT, vocabulary_level


def words_scored(task: Task, scores: Sequence[float], *, half: str = WHOLE, negated: float = 1.0) -> VocabularyLevel:
    """Common words have these error scores on a task's images, and "no ..." has this level."""
    values = np.asarray(scores, np.float64)
    return VocabularyLevel.objects.create(
        base_model=task.base_model,
        target_class=task.target_class or 0,
        text_template=task.text_template,
        half=half,
        n_correct=25,
        n_error=25,
        level=vocabulary_level(values),
        negated_level=negated,
        scores=pack_float64(values),
        negated_scores=pack_float64(np.full(len(values), negated)),
        n_words=len(values),
        n_distinct=MIN_DISTINCT,
        code_version="",
    )
