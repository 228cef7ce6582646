"""Which of the two failures is it (paper, section 4.1)? The words do not explain the mistakes, or they were not seen.

The images most and least like the words tell: the person says whether the former have in them what was meant.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.models import Score
from annotations.readings.datasets.class_images import class_images
from annotations.readings.datasets.image_grids import Picture, pictures_of

SHOWN_MOST, SHOWN_LEAST = 6, 6


@dataclass(frozen=True)
class Question:
    """answer: of JudgementAnswer, empty before it is given. rewordings: what the study suggests then."""

    most: tuple[Picture, ...]
    least: tuple[Picture, ...]
    answer: str
    rewordings: tuple[str, ...]


def question(score: Score, owner: str) -> Question:
    """Return the question about a scored phrase; the most like it comes first, the least like it last."""
    phrase = score.phrase
    task = phrase.assignment.task
    assert task.target_class is not None, "opening a study resolves the target class"
    images = class_images(task.base_model, task.target_class)
    most, least = extremes(score.similarity_array)
    return Question(
        most=pictures_of(owner, task.base_model, images, most),
        least=pictures_of(owner, task.base_model, images, least),
        answer=phrase.judgement.answer if hasattr(phrase, "judgement") else "",
        rewordings=tuple(score.rewordings),
    )


def extremes(similarities: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the most similar images and of the least similar others: at most six of each."""
    order = np.argsort(-similarities, kind="stable")
    return order[:SHOWN_MOST], order[max(SHOWN_MOST, len(order) - SHOWN_LEAST) :]
