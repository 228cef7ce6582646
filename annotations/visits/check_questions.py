"""The comprehension check: what it asks, and how a person's tries at it went."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotations.models import AnnotationSession
from clarify_errors.arrays.common.samples import sample

_CHECK_SEED = 5  # apart from the seeds of images


@dataclass(frozen=True)
class Question:
    """options: (key, text), the right one under the key `right`. why: what a wrong answer is told."""

    name: str
    text: Promise
    options: tuple[tuple[str, Promise], ...]
    right: str
    why: Promise

    def has_option(self, key: str) -> bool:
        return key in dict(self.options)


QUESTIONS = (
    Question(
        "wrong",
        _("What does “the AI was wrong” mean?"),
        (
            ("other", _("It gave the image the wrong name, for example “star” for a heart.")),
            ("blurred", _("The image is blurred.")),
            ("odd", _("I cannot see what it shows.")),
        ),
        "other",
        _("In the example all were hearts. The AI was wrong where it said “star”, however clear the image was."),
    ),
    Question(
        "words",
        _("Which words do we ask for?"),
        (
            ("common", _("What the wrong images have more often.")),
            ("class", _("The name of the class.")),
            ("favourite", _("What I like about the images.")),
        ),
        "common",
        _("All images belong to the class, right and wrong alike. Look for what sets the wrong ones apart."),
    ),
    Question(
        "split",
        _("With “stripes”, 90% are wrong, and without it 10%. What does that mean?"),
        (
            ("good", _("“Stripes” explains the mistakes well.")),
            ("unrelated", _("“Stripes” says nothing about the mistakes.")),
            ("less", _("Striped ones are wrong less often.")),
        ),
        "good",
        _("Almost all of the mistakes are on the side with “stripes”. So that word explains them very well."),
    ),
)


@dataclass(frozen=True)
class AskedOption:
    """number: its place on this visit's page, from 1, which is all that the form sends of it."""

    number: int
    text: Promise
    is_chosen: bool


@dataclass(frozen=True)
class Asked:
    """A question on the page. `was_wrong` is None before the first try. is_open: the form has no answer to it."""

    question: Question
    options: tuple[AskedOption, ...]
    was_wrong: bool | None
    is_open: bool


@dataclass(frozen=True)
class Check:
    """number: of the try that comes now, from 1."""

    asked: tuple[Asked, ...]
    number: int
    client_uuid: uuid.UUID

    @property
    def n_wrong(self) -> int:
        return sum(bool(asked.was_wrong) for asked in self.asked)

    @property
    def to_change(self) -> tuple[Asked, ...]:
        """The questions to answer differently: those without an answer, else those that are not right."""
        return tuple(asked for asked in self.asked if asked.is_open) or tuple(
            asked for asked in self.asked if asked.was_wrong
        )


def option_order(seed: int, question: Question) -> tuple[str, ...]:
    """Return the keys of a question's options in the order in which the visit of this seed is shown them."""
    n, place = len(question.options), QUESTIONS.index(question)
    return tuple(question.options[at][0] for at in sample(n, n, 0, (seed, _CHECK_SEED, place)))


def chosen(session: AnnotationSession, given: Mapping[str, str]) -> dict[str, str]:
    """Return the key of the option that was chosen of each question; "" where none was, or none of this number."""
    return {
        question.name: _key(option_order(session.seed, question), given.get(question.name, ""))
        for question in QUESTIONS
    }


def check(session: AnnotationSession, given: Mapping[str, str] | None = None) -> Check:
    """Return the questions, their options in the visit's own order, with the answers of its last try.

    given: what was chosen in an incomplete form, which is shown instead and judged by the last try.
    """
    last = session.check_attempts.last()
    tried = {} if last is None else last.answers
    shown = tried if given is None else given
    asked = tuple(_asked(session, question, tried, shown) for question in QUESTIONS)
    return Check(asked, 1 if last is None else last.number + 1, uuid.uuid4())


def _asked(
    session: AnnotationSession, question: Question, judged: Mapping[str, str], shown: Mapping[str, str]
) -> Asked:
    tried, chosen_key = judged.get(question.name), shown.get(question.name)
    texts, order = dict(question.options), option_order(session.seed, question)
    options = tuple(AskedOption(number, texts[key], key == chosen_key) for number, key in enumerate(order, start=1))
    return Asked(question, options, None if tried is None else tried != question.right, chosen_key == "")


def _key(order: tuple[str, ...], number: str) -> str:
    return {str(at): key for at, key in enumerate(order, start=1)}.get(number, "")
