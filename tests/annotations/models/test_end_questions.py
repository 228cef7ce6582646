"""A study's own questions, as a coordinator writes them."""

import pytest
from django.core.exceptions import ValidationError

from annotations.models.end_questions import EndQuestion, end_questions, validate_end_questions


def test_a_line_is_a_question_and_what_follows_the_bar_its_answers():
    assert end_questions("How hard was it? | easy |  hard\n\n Anything else? ") == (
        EndQuestion(1, "How hard was it?", ("easy", "hard")),
        EndQuestion(2, "Anything else?", ()),
    )


def test_no_lines_are_no_questions():
    assert end_questions("\n \n") == ()


@pytest.mark.parametrize(
    "lines", ["| easy | hard", "Why? | ", "Why? | a |  | b", "Why? | a", "Why? | a | a", "Q\n" * 11]
)
def test_what_cannot_be_asked_is_refused(lines):
    with pytest.raises(ValidationError):
        validate_end_questions(lines)


def test_what_can_be_asked_is_not():
    validate_end_questions("Why?\nHow? | a | b")
