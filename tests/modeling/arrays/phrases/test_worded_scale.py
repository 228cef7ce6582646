import pytest

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.phrases.worded_scale import Step, is_better_than_guessing, step_of


@pytest.mark.parametrize(
    ("value", "null_level", "vocabulary_level", "expected"),
    [
        (0.5, 0.4, 0.4, True),
        (0.4, 0.4, 0.3, False),
        (0.4, 0.3, 0.4, False),
        (0.5, 0.4, None, None),
        (0.4, 0.4, None, False),
        (0.01, 0.0, 0.0, True),
    ],
)
def test_better_than_guessing_is_strictly_above_both_levels(
    value: float, null_level: float, vocabulary_level: float | None, expected: bool | None
) -> None:
    assert is_better_than_guessing(value, null_level, vocabulary_level) is expected


@pytest.mark.parametrize(
    ("value", "step"),
    [(0.01, Step.PARTLY), (0.499, Step.PARTLY), (0.5, Step.WELL), (0.749, Step.WELL), (0.75, Step.VERY_WELL)],
)
def test_what_is_better_has_one_of_three_words(value: float, step: Step) -> None:
    assert step_of(value, is_better=True) is step
    assert step_of(value, is_better=False) is Step.GUESSING


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_number_that_is_no_score_has_no_word(value: float) -> None:
    with pytest.raises(BadArray, match="between 0 and 1"):
        step_of(value, is_better=True)
