"""The error score in words, and the pictures that stand for a side."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from annotations.phrases.phrase_feedback import SHOWN_A_SIDE, in_proportion
from annotations.phrases.verdicts import Verdict, verdict
from clarify_errors.arrays.phrases.worded_scale import Step


@pytest.mark.parametrize(
    ("value", "guessing", "step"),
    [
        (0.9, 0.2, Step.VERY_WELL),
        (0.75, 0.2, Step.VERY_WELL),
        (0.74, 0.2, Step.WELL),
        (0.5, 0.2, Step.WELL),
        (0.49, 0.2, Step.PARTLY),
        (0.2, 0.2, Step.GUESSING),
        (0.0, 0.2, Step.GUESSING),
        (0.6, 0.62, Step.GUESSING),
        (0.65, 0.62, Step.WELL),
        (0.8, 0.82, Step.GUESSING),
        (0.83, 0.82, Step.VERY_WELL),
    ],
)
def test_a_score_has_a_step(value: float, guessing: float, step: Step) -> None:
    word = verdict(value, value, guessing)
    assert word.step is step


@pytest.mark.parametrize(
    ("value", "two_sided", "guessing", "is_opposite", "is_telling"),
    [
        (0.0, 0.84, 0.2, True, True),
        (0.05, 0.84, 0.2, True, True),
        (0.05, 0.14, 0.1, False, False),
        (0.0, 0.5, 0.6, True, False),
        (0.6, 0.7, 0.2, False, False),
    ],
)
def test_the_opposite_is_told_and_whether_it_is_more_than_guessing(
    value: float, two_sided: float, guessing: float, is_opposite: bool, is_telling: bool
) -> None:
    word = verdict(value, two_sided, guessing)
    assert (word.is_opposite, word.is_telling) == (is_opposite, is_telling)


@pytest.mark.parametrize(
    ("value", "goal", "guessing", "is_enough"),
    [(0.7, 0.7, 0.2, True), (0.69, 0.7, 0.2, False), (0.9, None, 0.2, False), (0.3, 0.2, 0.4, False)],
)
def test_only_a_goal_says_what_is_enough_and_guessing_never_is(
    value: float, goal: float | None, guessing: float, is_enough: bool
) -> None:
    assert verdict(value, value, guessing, goal).is_enough is is_enough


def test_a_step_has_a_sentence_and_what_to_try_next() -> None:
    well, guessing = Verdict(Step.VERY_WELL), Verdict(Step.GUESSING)
    assert well.sentence == "Your words explain the mistakes <strong>very well.</strong>"
    assert well.next_step == ""  # the page says that one can stop, and where the rest is
    assert guessing.next_step == "Look at the two groups again. What else is different?"
    assert Verdict(Step.GUESSING, is_opposite=True, is_telling=True).next_step.startswith("The AI is wrong <em>less")
    assert Verdict(Step.GUESSING, is_opposite=True).next_step.startswith("The AI may be wrong")
    assert Verdict(Step.WELL, is_enough=True).sentence.endswith("<strong>That is enough to stop.</strong>")
    with translation.override("de"):
        assert well.sentence == "Ihre Wörter erklären die Fehler <strong>sehr gut.</strong>"


@pytest.mark.parametrize(
    ("n_wrong", "n_right", "shown"),
    [
        (80, 20, (16, 4)),
        (44, 11, (16, 4)),
        (4, 73, (1, 19)),
        (1, 999, (1, 19)),
        (999, 1, (19, 1)),
        (0, 153, (0, 20)),
        (153, 0, (20, 0)),
        (3, 4, (3, 4)),
        (0, 0, (0, 0)),
    ],
)
def test_pictures_stand_for_five_percent_each_and_for_any_there_is_one(
    n_wrong: int, n_right: int, shown: tuple[int, int]
) -> None:
    assert in_proportion(n_wrong, n_right) == shown


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_pictures_are_never_more_than_there_are(n_wrong: int, n_right: int) -> None:
    of_wrong, of_right = in_proportion(n_wrong, n_right)
    assert of_wrong <= n_wrong and of_right <= n_right
    assert of_wrong + of_right == min(SHOWN_A_SIDE, n_wrong + n_right)
