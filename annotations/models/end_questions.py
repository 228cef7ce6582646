"""The questions that a study asks at its end, as a coordinator writes them: one a line, answers after "|"."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MAX_QUESTIONS = 10
MAX_ANSWER_LENGTH = 2000
# The Short Trust in Automation Scale (S-TIAS): McGrath, Lack, Tisch and Duenser (2025), doi 10.3389/frai.2025.1582880.
# Its answers are stored as those of further questions, by these numbers.
TRUST = {
    MAX_QUESTIONS + number: text
    for number, text in enumerate(
        (_("I am confident in the AI."), _("The AI is reliable."), _("I can trust the AI.")), 1
    )
}
RATINGS = tuple("1234567")  # from "not at all" to "extremely"


@dataclass(frozen=True)
class EndQuestion:
    """number: from 1. choices: the answers to choose from; empty where people write."""

    number: int
    text: str
    choices: tuple[str, ...]


def end_questions(lines: str) -> tuple[EndQuestion, ...]:
    """Return the questions that the lines hold; empty lines are passed over.

    >>> end_questions("How hard was it? | easy | hard")[0].choices
    ('easy', 'hard')
    """
    written = [line for line in lines.splitlines() if line.strip()]
    parts = [[part.strip() for part in line.split("|")] for line in written]
    return tuple(EndQuestion(number, text, tuple(choices)) for number, (text, *choices) in enumerate(parts, start=1))


def validate_end_questions(lines: str) -> None:
    """Raise ValidationError for too many questions, and for one that lacks its text or has one choice or equal ones."""
    questions = end_questions(lines)
    if len(questions) > MAX_QUESTIONS:
        raise ValidationError(f"Ask at most {MAX_QUESTIONS} questions.")
    for question in questions:
        if not question.text or "" in question.choices:
            raise ValidationError(f"Question {question.number} has an empty part.")
        if len(question.choices) == 1 or len(set(question.choices)) < len(question.choices):
            raise ValidationError(f"Question {question.number} needs two or more answers, each only once.")
