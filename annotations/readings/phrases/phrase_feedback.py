"""What a page shows of a scored phrase: how well it explains the mistakes, and the split that it makes."""

from dataclasses import dataclass

import numpy as np
from django.utils.safestring import SafeString
from numpy.typing import NDArray

from annotations.models import Phrase, Score
from annotations.readings.datasets.class_images import class_images
from annotations.readings.datasets.image_grids import Grid, pictures_of
from annotations.readings.datasets.image_samples import sample
from annotations.readings.phrases.class_name_phrases import names_the_class
from annotations.readings.phrases.histogram import Histogram, histogram
from annotations.readings.phrases.judgement_question import Question, question
from annotations.readings.phrases.threshold_slider import Handle, handle
from annotations.readings.phrases.verdicts import Verdict, verdict, verdict_sentence

SHOWN_A_SIDE = 12
MIN_SHOWN = 0.005  # a smaller error score reads 0.00


UNQUESTIONED = {Verdict.WELL, Verdict.OPPOSITE}  # these words were seen: the score says so


@dataclass(frozen=True)
class Side:
    """The images on one side of the threshold: a sample of them, and how many of all the AI got wrong."""

    grid: Grid
    n_wrong: int

    @property
    def percent_wrong(self) -> int | None:
        """Share wrong in whole percent; None where the side is empty."""
        n = self.grid.n_images
        return (
            (200 * self.n_wrong + n) // (2 * n) if n else None
        )  # halves go up, as in the script that follows the handle


@dataclass(frozen=True)
class Split:
    """The class's images without the phrase's subject (similarity at or below a threshold) and with it (above)."""

    without: Side
    with_it: Side


@dataclass(frozen=True)
class Result:
    """What a page shows of a score.

    value: error score, 0 to 1. null_level: what random words reach, 0 to 1. subject, sign: what was looked for, and -1
    where the phrase says that images lack it. threshold: where the split is, above it sign * similarity > threshold;
    both are None where there is none.
    The histogram shows the automatic threshold, the handle the one of the split. question: None where the score leaves
    no doubt which of the two failures it is.
    """

    value: float
    null_level: float
    verdict: Verdict
    subject: str
    sign: int
    threshold: float | None
    split: Split | None
    histogram: Histogram
    handle: Handle | None
    names_the_class: bool
    question: Question | None

    @property
    def sentence(self) -> SafeString:
        """The verdict in words, and what to try next."""
        return verdict_sentence(self.verdict, self.value)


def result(score: Score, owner: str, *, chosen: float | None) -> Result:
    """Return what `owner` sees of a score. All of it is made from what is stored; nothing is embedded.

    chosen: the threshold that the person chose, if any.

    An opposite phrase is split at the threshold of its two-sided score, where the difference that it does make shows;
    every other one at the threshold of its score. A chosen threshold comes before both. Sides, histogram and handle
    are those of the subject, also for a negation.
    """
    assignment = score.phrase.assignment
    task = assignment.task
    assert task.target_class is not None, "opening a study resolves the target class"
    assert score.null_level is not None, "every score is stored with its null level"
    is_error = class_images(task.base_model, task.target_class).is_error
    values, sign = score.similarity_array, score.sign
    word = verdict(score.value, score.two_sided, score.null_level)
    automatic = score.two_sided_threshold if word.is_opposite else score.threshold
    threshold = automatic if chosen is None else chosen
    named = sign > 0 and names_the_class(score.subject, task.class_name, score.class_name_cosine)
    return Result(
        value=score.value,
        null_level=score.null_level,
        verdict=word,
        subject=score.subject,
        sign=sign,
        threshold=threshold,
        split=None if threshold is None else split_at(score, owner, threshold),
        histogram=histogram(values, is_error, None if automatic is None else sign * automatic),
        handle=handle(values, is_error, threshold, sign=sign, is_chosen=chosen is not None),
        names_the_class=named,
        question=None if named or word in UNQUESTIONED else question(score, owner),
    )


def chosen_threshold(phrase: Phrase) -> float | None:
    """Return the threshold that the person chose for a phrase, None where that is the automatic one."""
    return phrase.threshold_choice.threshold if hasattr(phrase, "threshold_choice") else None


def split_at(score: Score, owner: str, threshold: float) -> Split:
    """Return the split at any similarity threshold, with the samples that `owner` sees of its sides."""
    above = score.sign * score.similarity_array > np.float32(threshold)
    with_it = above if score.sign > 0 else ~above
    return Split(without=_side(score, owner, ~with_it), with_it=_side(score, owner, with_it))


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
