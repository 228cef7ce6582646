import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.phrases.worded_scale import BetterThanGuessing, Step, better_than_guessing, step_of


@pytest.mark.parametrize(
    ("value", "null_level", "vocabulary_level", "expected"),
    [
        (0.5, 0.4, 0.4, BetterThanGuessing.YES),
        (0.4, 0.4, 0.3, BetterThanGuessing.NO),
        (0.4, 0.3, 0.4, BetterThanGuessing.NO),
        (0.5, 0.4, None, BetterThanGuessing.UNKNOWN),
        (0.4, 0.4, None, BetterThanGuessing.NO),
        (0.01, 0.0, 0.0, BetterThanGuessing.YES),
    ],
)
def test_better_than_guessing_is_strictly_above_both_levels(
    value: float, null_level: float, vocabulary_level: float | None, expected: BetterThanGuessing
) -> None:
    assert better_than_guessing(value, null_level, vocabulary_level, 10, 10) is expected


@pytest.mark.parametrize("images", [(9, 50), (50, 9)])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_fewer_than_ten_images_of_a_side_tell_nothing(value: float, images: tuple[int, int]) -> None:
    assert better_than_guessing(value, 0.5, 0.5, *images) is BetterThanGuessing.TOO_FEW


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
