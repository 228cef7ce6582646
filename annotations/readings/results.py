"""What a page shows of a scored phrase: how well it explains the mistakes, and the split that it makes."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotations.models import Phrase, Score
from annotations.readings.class_images import class_images
from annotations.readings.class_name import names_the_class
from annotations.readings.handle import Handle, handle
from annotations.readings.histogram import Histogram, histogram
from annotations.readings.pictures import Grid, pictures_of
from annotations.readings.question import Question, question
from annotations.readings.samples import sample
from modeling.error_score import error_score

SHOWN_A_SIDE = 12
WELL, PARTLY, LEAST_TELLING = 0.6, 0.3, 0.15


class Verdict(StrEnum):
    """The error score in a word."""

    WELL = "well"
    PARTLY = "partly"
    HARDLY = "hardly"
    OPPOSITE = "opposite"


UNQUESTIONED = {Verdict.WELL, Verdict.OPPOSITE}  # these words were seen: the score says so


@dataclass(frozen=True)
class Side:
    """The images on one side of the threshold: a sample of them, and how many of all the AI got wrong."""

    grid: Grid
    n_wrong: int

    @property
    def percent_wrong(self) -> int | None:
        """Share wrong in whole percent; None where the side is empty."""
        return round(100 * self.n_wrong / self.grid.n_images) if self.grid.n_images else None


@dataclass(frozen=True)
class Split:
    """The class's images without what the phrase says (at or below the threshold) and with it (above)."""

    without: Side
    with_it: Side


@dataclass(frozen=True)
class Result:
    """value: error score, 0 to 1. threshold: where the split is; both are None where there is none.

    The histogram shows the automatic threshold, the handle the one of the split. question: None where the score leaves
    no doubt which of the two failures it is.
    """

    value: float
    verdict: Verdict
    threshold: float | None
    split: Split | None
    histogram: Histogram
    handle: Handle | None
    names_the_class: bool
    question: Question | None


def verdict(value: float, two_sided: float) -> Verdict:
    """Put an error score (0 to 1) into a word.

    OPPOSITE: the two-sided score is the larger one and says something (≥ .15), so the AI is wrong *less* often on
    images that have what the phrase says.
    """
    if two_sided > value and two_sided >= LEAST_TELLING:
        return Verdict.OPPOSITE
    if value >= WELL:
        return Verdict.WELL
    return Verdict.PARTLY if value >= PARTLY else Verdict.HARDLY


def result(score: Score, owner: str) -> Result:
    """Return what `owner` sees of a score. All of it is made from the stored similarities; nothing is embedded.

    An OPPOSITE phrase is split at the threshold of its two-sided score, where the difference that it does make shows;
    every other one at the stored threshold. One that the person chose comes before both.
    """
    assignment = score.phrase.assignment
    task = assignment.task
    assert task.target_class is not None, "opening a study resolves the target class"
    is_error = class_images(task.base_model, task.target_class).is_error
    similarities = score.similarity_array
    word = verdict(score.value, score.two_sided)
    automatic = score.threshold
    if word is Verdict.OPPOSITE:
        automatic = error_score(similarities, is_error).two_sided_threshold
    chosen = chosen_threshold(score.phrase)
    threshold = automatic if chosen is None else chosen
    named = names_the_class(score.phrase.text, task.class_name, score.class_name_cosine)
    return Result(
        value=score.value,
        verdict=word,
        threshold=threshold,
        split=None if threshold is None else split_at(score, owner, threshold),
        histogram=histogram(similarities, is_error, automatic),
        handle=handle(similarities, is_error, threshold, is_chosen=chosen is not None),
        names_the_class=named,
        question=None if named or word in UNQUESTIONED else question(score, owner),
    )


def split_at(score: Score, owner: str, threshold: float) -> Split:
    """Return the split at any similarity threshold, with the samples that `owner` sees of its sides."""
    above = score.similarity_array > np.float32(threshold)
    return Split(without=_side(score, owner, ~above), with_it=_side(score, owner, above))


def chosen_threshold(phrase: Phrase) -> float | None:
    """Return the threshold that the person chose for a phrase, None where that is the automatic one."""
    return phrase.threshold_choice.threshold if hasattr(phrase, "threshold_choice") else None


def _side(score: Score, owner: str, members: NDArray[np.bool_]) -> Side:
    assignment = score.phrase.assignment
    base_model, target_class = assignment.task.base_model, assignment.task.target_class
    assert target_class is not None
    images = class_images(base_model, target_class)
    positions = np.flatnonzero(members)
    seed = (assignment.session.seed, assignment.task_id, score.phrase_id)
    chosen = positions[sample(len(positions), SHOWN_A_SIDE, 0, seed)]
    return Side(
        Grid(pictures_of(owner, base_model, images, chosen), len(positions)), int(images.is_error[positions].sum())
    )
