import numpy as np
import pytest

from annotations.models import JudgementAnswer
from annotations.phrases import replies
from annotations.phrases.judgement_question import ADVICE, Question, most_like
from annotations.phrases.phrase_feedback import result
from tests.support.actors import Visit
from tests.support.steps import submit_and_score


def test_the_most_similar_come_first() -> None:
    values = np.array([0.1, 0.9, 0.5, 0.3, 0.7, 0.2, 0.6, 0.8], np.float32)
    assert most_like(values).tolist() == [1, 7, 4, 6, 2, 3]
    assert most_like(values[:3]).tolist() == [1, 2, 0]


@pytest.mark.parametrize(("text", "asks"), [("red", False), ("blue", False), ("dark", True), ("square", False)])
def test_it_is_asked_where_the_score_leaves_the_reason_open(alice: Visit, text: str, asks: bool) -> None:
    (phrase,) = submit_and_score(alice, text)
    assert (result(phrase.score, "user:1", chosen=None).question is not None) == asks


def test_it_shows_the_answer_that_was_given(alice: Visit) -> None:
    (phrase,) = submit_and_score(alice, "dark")
    before = result(phrase.score, "user:1", chosen=None).question
    replies.judge(phrase, JudgementAnswer.UNSURE)
    phrase = alice.assignment.phrases.get()
    after = result(phrase.score, "user:1", chosen=None).question
    assert before is not None
    assert after is not None
    assert (before.answer, after.answer) == ("", "unsure")


@pytest.mark.parametrize(
    ("answer", "said", "finding", "needs_other_words"),
    [
        ("yes", "Yes", "These images fit your words, but your words are not the reason.", False),
        ("no", "No", "The program did not understand your words as you meant them.", True),
        ("unsure", "Hard to say", "Try words for something that you can see at a glance:", True),
    ],
)
def test_an_answer_calls_for_advice(answer: str, said: str, finding: str, needs_other_words: bool) -> None:
    asked = Question(most=(), answer=answer, rewordings=())
    assert asked.advice is not None
    assert (str(asked.said), str(asked.advice.finding)) == (said, finding)
    assert asked.needs_other_words is needs_other_words
    assert [value for value, _, is_given in asked.choices if is_given] == [answer]


def test_words_that_explain_a_part_are_not_called_no_reason() -> None:
    asked = Question(most=(), answer="yes", rewordings=(), explains_part=True)
    assert asked.advice is not None
    assert str(asked.advice.finding) == "These images fit your words. Your words may be a part of the reason."
    assert Question(most=(), answer="no", rewordings=(), explains_part=True).advice == ADVICE["no"]


def test_without_an_answer_there_is_no_advice() -> None:
    asked = Question(most=(), answer="", rewordings=())
    assert (str(asked.said), asked.advice, asked.needs_other_words) == ("No answer", None, False)
