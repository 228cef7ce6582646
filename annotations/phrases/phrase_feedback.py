"""What a page shows of a scored phrase: how well it explains the mistakes, and the split that it makes."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from annotations.datasets.class_images import ClassImages, Grid, Picture, class_images, pictures_of, visit_numbers
from annotations.models import Assignment, Phrase, Score, Task
from annotations.phrases.judgement_question import Question, question
from annotations.phrases.threshold_handle import Handle, handle, in_order_of_likeness
from annotations.phrases.verdicts import Verdict, verdict
from clarify_errors.arrays.common.samples import sample
from clarify_errors.arrays.phrases.null_level import null_level
from clarify_errors.arrays.phrases.word_forms import contains_words, same_words
from clarify_errors.arrays.phrases.worded_scale import Step

SHOWN_A_SIDE = 20  # pictures, one for each 5%

SAME_MEANING = 0.95
"""Least cosine, in the text template, of a synonym. Measured with the bundled encoder: "box" and "square" .999, "dark
square" .915; with sentence embeddings "dogs" and "dog" .96, "canine" .94, "cartoon dog" .85, "animal" .82."""


class Repeats(StrEnum):
    """Which of the names that stand on the page a phrase only repeats: that of the class, or what the AI said."""

    CLASS = "class"
    MISTAKE = "mistake"


def names_the_class(phrase: str, class_name: str, cosine: float) -> bool:
    """Whether a phrase says the class's name or a synonym of it, and nothing more.

    cosine: of the two in the text template. A phrase with the class's name among other words ("dark squares") says
    more, however near it is.
    """
    if same_words(phrase, class_name):
        return True
    return cosine >= SAME_MEANING and not contains_words(phrase, class_name)


@dataclass(frozen=True)
class Side:
    """The images on one side of the threshold: some of them, wrong ones first, and how many of all are wrong.

    The shares of the pictures are those of the numbers, with at least one picture where there is any image.
    """

    grid: Grid
    n_wrong: int

    @property
    def percent_wrong(self) -> int | None:
        """Share wrong in whole percent; None where the side is empty."""
        return percent(self.n_wrong, self.grid.n_images)


@dataclass(frozen=True)
class Split:
    """The class's images with what the phrase says, as its person means it (above the threshold), and without."""

    without: Side
    with_it: Side


@dataclass(frozen=True)
class Result:
    """What a page shows of a score.

    value: error score, 0 to 1. guessing: what guessing reaches. subject, sign: what was looked for, and -1 where the
    phrase says that images lack it. threshold: where the split is, above it sign * similarity > threshold; both are
    None where there is none. The handle, None where all images are equally alike, lies between the pictures in_order.
    is_below_best: the verdict is of a chosen threshold, and below the one that the history keeps. question: None where
    the score leaves no doubt which of the two failures it is. repeats: None where the words explain the mistakes well.
    """

    value: float
    guessing: float
    verdict: Verdict
    is_below_best: bool
    subject: str
    sign: int
    threshold: float | None
    split: Split | None
    in_order: tuple[Picture, ...]
    handle: Handle | None
    repeats: Repeats | None
    question: Question | None

    @property
    def points(self) -> int:
        """Of 100 of error score, rounded down, so that no phrase below a goal seems to reach it."""
        return int(100 * self.value)


def result(score: Score, owner: str, *, chosen: float | None) -> Result:
    """Return what `owner` sees of a score. All of it is made from what is stored; nothing is embedded.

    chosen: the threshold that the person chose, if any.

    An opposite phrase is split at the threshold of its two-sided score, where the difference that it does make shows;
    every other one at the threshold of its score. A chosen threshold comes before both. Sides, order and handle
    are those of what the person says: "not blue" is on the side of a negation.
    """
    images = _images(score.phrase.assignment.task)
    is_error = images.is_error
    signed = score.sign * score.similarity_array
    word = verdict_of(score)
    here = word if chosen is None else verdict_of(score, value_at(signed, is_error, chosen))
    repeats = None if word.is_well or word.is_enough else _repeated(score, images)
    automatic = None if repeats else automatic_threshold(score)
    threshold = automatic if chosen is None else chosen
    is_asked = not (word.is_well or word.is_telling or repeats)
    return Result(
        value=score.value,
        guessing=guessing_of(score),
        verdict=here,
        is_below_best=here.step is not word.step,
        subject=score.subject,
        sign=score.sign,
        threshold=threshold,
        split=None if threshold is None else split_at(score, owner, threshold),
        in_order=_pictures(score, owner, in_order_of_likeness(signed, is_error)),
        handle=handle(signed, is_error, threshold, automatic=automatic, is_chosen=chosen is not None),
        repeats=repeats,
        question=question(score, owner, explains_part=word.step is Step.PARTLY) if is_asked else None,
    )


def verdict_of(score: Score, value: float | None = None) -> Verdict:
    """Return what a page says of a score. value: at a threshold that the person chose."""
    is_refused = value is None and score.finds_nothing
    value = score.value if value is None else value
    goal = score.phrase.assignment.session.goal
    return verdict(value, score.two_sided, guessing_of(score), goal, is_refused=is_refused)


def _repeated(score: Score, images: ClassImages) -> Repeats | None:
    task = score.phrase.assignment.task
    if score.sign < 0:
        return None
    if names_the_class(score.subject, task.class_name, score.class_name_cosine):
        return Repeats.CLASS
    names = task.base_model.dataset.class_names
    said = {str(names[number]) for number in images.predicted[images.is_error]}
    return Repeats.MISTAKE if any(same_words(score.subject, name) for name in said) else None


def automatic_threshold(score: Score) -> float | None:
    """Return the threshold of sign * similarity that divides the images; None where the words divide nothing."""
    word = verdict_of(score)
    if word.finds_nothing:
        return None
    return score.two_sided_threshold if word.is_opposite else score.threshold


def percent(n_wrong: int, n: int) -> int | None:
    """Return a share in whole percent, None of nothing; halves go up, as in the script that follows the handle."""
    return (200 * n_wrong + n) // (2 * n) if n else None


@dataclass(frozen=True)
class Shares:
    """What two phrases are compared by: the percent wrong on both sides, and which images have what a phrase says.

    members: bool[n] as bytes, which are equal where two phrases divide the images in the same way.
    """

    with_it: int | None
    without: int | None
    members: bytes


def shares(score: Score) -> Shares | None:
    """Return the shares at the automatic threshold; None where the words divide nothing."""
    task, threshold = score.phrase.assignment.task, automatic_threshold(score)
    if threshold is None:
        return None
    is_error = _images(task).is_error
    above = score.sign * score.similarity_array > np.float32(threshold)
    with_it, without = (percent(int(is_error[side].sum()), int(side.sum())) for side in (above, ~above))
    return Shares(with_it, without, above.tobytes())


def value_at(signed: NDArray[np.float32], is_error: NDArray[np.bool_], threshold: float) -> float:
    """Return the error score that one threshold makes: the share of wrong images above it less that of right ones."""
    above = signed > np.float32(threshold)
    return max(0.0, float(above[is_error].mean() - above[~is_error].mean()))


def guessing_of(score: Score) -> float:
    """Return what guessing was known to reach when the phrase was scored."""
    if score.guessing_level is None:  # from before it was stored
        return null_level(score.n_correct, score.n_error, score.phrase.assignment.task.max_phrases)
    return score.guessing_level


def chosen_threshold(phrase: Phrase) -> float | None:
    """Return the threshold that the person chose for a phrase, None where that is the automatic one."""
    return phrase.threshold_choice.threshold if hasattr(phrase, "threshold_choice") else None


def split_at(score: Score, owner: str, threshold: float) -> Split:
    """Return the split at any threshold of sign * similarity, with the samples that `owner` sees of its sides."""
    above = score.sign * score.similarity_array > np.float32(threshold)
    return Split(without=_side(score, owner, ~above), with_it=_side(score, owner, above))


def _side(score: Score, owner: str, members: NDArray[np.bool_]) -> Side:
    assignment = score.phrase.assignment
    is_error = _images(assignment.task).is_error
    groups = [np.flatnonzero(members & (is_error == is_wrong)) for is_wrong in (True, False)]
    n_wrong, n_right = map(len, groups)
    chosen = [
        group[sample(len(group), size, 0, (*_seed(assignment), score.phrase_id, number))]
        for number, (group, size) in enumerate(zip(groups, in_proportion(n_wrong, n_right), strict=True))
    ]
    return Side(Grid(_pictures(score, owner, np.concatenate(chosen)), n_wrong + n_right), n_wrong)


def _pictures(score: Score, owner: str, positions: NDArray[np.int64]) -> tuple[Picture, ...]:
    assignment = score.phrase.assignment
    images = _images(assignment.task)
    numbers = visit_numbers(images.is_error, _seed(assignment))
    return pictures_of(owner, assignment.task.base_model, images, positions, numbers)


def _images(task: Task) -> ClassImages:
    assert task.target_class is not None, "opening a study resolves the target class"
    return class_images(task.base_model, task.target_class)


def _seed(assignment: Assignment) -> tuple[int, int]:
    return assignment.session.seed, assignment.task_id


def in_proportion(n_wrong: int, n_right: int) -> tuple[int, int]:
    """Return how many wrong and right images stand for so many: one for each 5%, at least one where there is any."""
    n = n_wrong + n_right
    if n <= SHOWN_A_SIDE:
        return n_wrong, n_right
    of_wrong = (2 * SHOWN_A_SIDE * n_wrong + n) // (2 * n)
    of_wrong = min(max(of_wrong, int(n_wrong > 0)), SHOWN_A_SIDE - int(n_right > 0))
    return of_wrong, SHOWN_A_SIDE - of_wrong
