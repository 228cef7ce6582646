"""What concepts explain together."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate
from clarify_errors.arrays.concepts.concept_unions import select_greedily, stratified_half, together_by_chance
from clarify_errors.arrays.phrases.error_score import error_score


def slices(*rows: str) -> np.ndarray:
    return np.array([[each == "1" for each in row] for row in rows])


def chosen_alone(members: np.ndarray, is_error: np.ndarray, learn: np.ndarray, most: int):
    """Rows that are chosen in one draw, and their scores on either half."""
    together = select_greedily(members[None], is_error[None], learn, most)
    n = (together.chosen[0] >= 0).sum()
    return [values[0, :n].tolist() for values in (together.chosen, together.learned, together.held_out)]


def test_the_score_of_a_union_is_the_error_score_of_its_membership():
    rng = np.random.default_rng(3)
    is_error = rng.random(60) < 0.3
    members = rng.random((5, 60)) < np.where(is_error, 0.4, 0.1)
    learn = stratified_half(is_error, rng)
    chosen, learned, held_out = chosen_alone(members, is_error, learn, 2)
    assert len(chosen) == 2
    for n in (1, 2):
        union = members[chosen[:n]].any(axis=0).astype(np.float32)
        for half, scores in ((learn, learned), (~learn, held_out)):
            assert scores[n - 1] == pytest.approx(error_score(union[half], is_error[half]).value)


def test_concepts_are_chosen_by_what_they_add():
    is_error = np.array([1, 1, 1, 1, 0, 0, 0, 0] * 2, bool)
    first, second, both = slices("11000000" * 2, "00110000" * 2, "11100010" * 2)
    learn = np.arange(16) < 8
    chosen, learned, held_out = chosen_alone(np.stack([both, first, second]), is_error, learn, 3)
    assert chosen == [0, 2]  # .75 - .25 first, since .5 is the lower number's; then the rest of the errors
    assert learned == held_out == [0.5, 0.75]


def test_the_other_half_has_no_part_in_the_choice():
    rng = np.random.default_rng(4)
    members, is_error = rng.random((30, 80)) < 0.4, rng.random(80) < 0.4
    learn = stratified_half(is_error, rng)
    changed = is_error.copy()
    changed[~learn] = rng.permutation(is_error[~learn])
    before, after = (chosen_alone(members, errors, learn, 5) for errors in (is_error, changed))
    assert before[:2] == after[:2]


def test_phrases_that_mean_nothing_explain_no_more_than_chance():
    rng = np.random.default_rng(5)
    members, is_error = rng.random((30, 400)) < 0.4, rng.random(400) < 0.4
    learn = stratified_half(is_error, rng)
    _, learned, held_out = chosen_alone(members, is_error, learn, 3)
    chance = together_by_chance(members, is_error, learn, 3, rng, tries=100)
    assert learned[-1] > 0.15  # what was chosen from thirty looks like something
    assert held_out[-1] <= np.quantile(chance[:, -1], 0.99)


@given(seed=st.integers(0, 2**32 - 1), shared=st.booleans())
@example(seed=240, shared=True)  # a tie that sums of floating-point shares do not see
@settings(max_examples=40)
def test_many_draws_at_once_choose_and_report_what_each_does_alone(seed, shared):
    rng = np.random.default_rng(seed)
    draws, k, n, most = 6, int(rng.integers(0, 7)), 24, 4
    is_error = np.stack([rng.permutation(n) < 9 for _ in range(draws)])
    learn = np.zeros(n, np.bool_)
    learn[::2] = True
    is_error[:, :2], is_error[:, 2:4] = True, False  # both halves have both
    members = rng.random((1 if shared else draws, k, n)) < rng.random()
    together = select_greedily(members, is_error, learn, most)
    for draw, of_draw in enumerate(np.broadcast_to(members, (draws, k, n))):
        chosen, learned, held_out = one_by_one(of_draw, is_error[draw], learn, most)
        rest = most - len(chosen)
        assert together.chosen[draw].tolist() == [*chosen, *[-1] * rest]
        for scores, expected in ((together.learned, learned), (together.held_out, held_out)):
            assert scores[draw] == pytest.approx([*expected, *[expected[-1] if expected else 0.0] * rest], abs=1e-12)


def one_by_one(members: np.ndarray, is_error: np.ndarray, learn: np.ndarray, most: int):
    """The same in exact fractions, as its words say it."""

    def score(union: np.ndarray, half: np.ndarray) -> Fraction:
        wrong, right = (union & half & kind for kind in (is_error, ~is_error))
        return Fraction(int(wrong.sum()), int((half & is_error).sum())) - Fraction(
            int(right.sum()), int((half & ~is_error).sum())
        )

    chosen: list[int] = []
    learned: list[float] = []
    held_out: list[float] = []
    union = np.zeros(len(is_error), bool)
    while len(chosen) < min(most, len(members)):
        scores = [score(union | member, learn) for member in members]
        best = max(range(len(members)), key=scores.__getitem__)  # the first of equal ones
        if scores[best] <= score(union, learn):
            break
        union = union | members[best]
        chosen.append(best)
        learned.append(float(scores[best]))
        held_out.append(max(0.0, float(score(union, ~learn))))
    return chosen, learned, held_out


def test_draws_whose_arrays_do_not_fit_or_lack_errors_are_refused():
    half = np.array([True, True, False, False])
    with pytest.raises(BadArray, match="do not fit"):
        select_greedily(np.zeros((3, 2, 4), np.bool_), np.zeros((2, 4), np.bool_), half, 2)
    with pytest.raises(NothingToSeparate):
        select_greedily(np.ones((1, 2, 4), np.bool_), np.array([[True, False, True, True]]), half, 2)


def test_a_half_has_half_of_the_right_and_half_of_the_wrong_images():
    is_error = np.arange(20) < 7
    half = stratified_half(is_error, np.random.default_rng(0))
    assert (half & is_error).sum() == 4 and (half & ~is_error).sum() == 7


def test_a_half_without_errors_is_refused():
    with pytest.raises(NothingToSeparate):
        select_greedily(slices("1100")[None], np.zeros((1, 4), bool), np.array([1, 0, 1, 0], bool), 1)
