"""Which of the two failures is it (paper, section 4.1)? The words do not explain the mistakes, or they were not seen.

The images most like the words tell: the person says whether they have in them what was meant.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from annotations.datasets.class_images import Picture, class_images, pictures_of, visit_numbers
from annotations.models import JudgementAnswer, Score

SHOWN_MOST = 6


@dataclass(frozen=True)
class Advice:
    """What an answer shows about the person's words, and what to try next."""

    finding: Promise
    next_step: Promise


LABELS: Final[dict[str, Promise]] = {
    JudgementAnswer.YES: gettext_lazy("Yes"),
    JudgementAnswer.NO: gettext_lazy("No"),
    JudgementAnswer.UNSURE: gettext_lazy("Hard to say"),
}
NO_ANSWER: Final = gettext_lazy("No answer")
ADVICE: Final[dict[str, Advice]] = {
    JudgementAnswer.YES: Advice(
        gettext_lazy("These images fit your words, but your words are not the reason."),
        gettext_lazy("Look for a new idea. What else do only the wrong ones have?"),
    ),
    JudgementAnswer.NO: Advice(
        gettext_lazy("The program did not understand your words as you meant them."),
        gettext_lazy("Keep the idea. Say it in other words, plainer or more exact."),
    ),
    JudgementAnswer.UNSURE: Advice(
        gettext_lazy("Try words for something that you can see at a glance:"),
        gettext_lazy("a colour, a thing, a place, a style."),
    ),
}

IN_PART: Final = Advice(
    gettext_lazy("These images fit your words. Your words may be a part of the reason."),
    gettext_lazy("Keep what fits best, and leave out the rest. Or look for a new idea."),
)


@dataclass(frozen=True)
class Question:
    """answer: of JudgementAnswer, empty before it is given. rewordings: what the study suggests then.

    explains_part: the words do better than guessing, so that a yes does not say that they are not the reason.
    """

    most: tuple[Picture, ...]
    answer: str
    rewordings: tuple[str, ...]
    explains_part: bool = False

    @property
    def choices(self) -> list[tuple[str, Promise, bool]]:
        """The answers that can be given: value, label, and whether it is the one given."""
        return [(value, label, value == self.answer) for value, label in LABELS.items()]

    @property
    def said(self) -> Promise:
        """The given answer as the page words it."""
        return LABELS.get(self.answer, NO_ANSWER)

    @property
    def advice(self) -> Advice | None:
        """What to try next; None before there is an answer."""
        is_in_part = self.explains_part and self.answer == JudgementAnswer.YES
        return IN_PART if is_in_part else ADVICE.get(self.answer)

    @property
    def needs_other_words(self) -> bool:
        """Whether the encoder may not have recognised what was meant, so that a rewording can help."""
        return self.answer in (JudgementAnswer.NO, JudgementAnswer.UNSURE)


def question(score: Score, owner: str, *, explains_part: bool) -> Question:
    """Return the question about a scored phrase; the images most like it come first."""
    phrase = score.phrase
    task = phrase.assignment.task
    assert task.target_class is not None, "opening a study resolves the target class"
    images = class_images(task.base_model, task.target_class)
    numbers = visit_numbers(images.is_error, (phrase.assignment.session.seed, task.pk))
    most = most_like(score.sign * score.similarity_array)
    return Question(
        most=pictures_of(owner, task.base_model, images, most, numbers),
        answer=phrase.judgement.answer if hasattr(phrase, "judgement") else "",
        rewordings=tuple(score.rewordings),
        explains_part=explains_part,
    )


def most_like(signed: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the positions of the images most like what a phrase says (sign * similarity): at most six."""
    return np.argsort(-signed, kind="stable")[:SHOWN_MOST]
