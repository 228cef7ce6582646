"""Choosing a phrase on one half of the images, and measuring it on the other."""

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.phrases.held_out import score_held_out, scoring_half

N_ERROR, N_CORRECT = 31, 60


@pytest.fixture
def is_error():
    return np.repeat([True, False], [N_ERROR, N_CORRECT])


@pytest.fixture
def keys():
    return np.array([f"{i:024x}" for i in range(N_ERROR + N_CORRECT)], "S24")


@pytest.fixture
def scoring(keys, is_error):
    return scoring_half(keys, is_error, "bonus/sprites")


def phrases(rng, is_error, *strengths):
    noise = rng.normal(size=(len(strengths), len(is_error)))
    return (noise + np.outer(strengths, is_error)).astype(np.float32)


def test_each_half_has_its_share_of_wrong_and_of_right_images(scoring, is_error):
    assert scoring[is_error].sum() == 16 and (~scoring)[is_error].sum() == 15
    assert scoring[~is_error].sum() == 30


def test_the_half_goes_by_keys_and_not_by_their_order(keys, is_error, scoring):
    order = np.random.default_rng(3).permutation(len(keys))
    assert (scoring_half(keys[order], is_error[order], "bonus/sprites") == scoring[order]).all()


def test_another_seed_is_another_half(keys, is_error, scoring):
    assert (scoring_half(keys, is_error, "bonus/other") != scoring).any()


def test_the_scoring_half_has_no_part_in_the_choice(is_error, scoring):
    values = phrases(np.random.default_rng(1), is_error, 0.5, 1.5, 0.0)
    other = values.copy()
    other[:, scoring] = np.random.default_rng(2).normal(size=(3, scoring.sum()))
    first, second = score_held_out(values, is_error, scoring, 3), score_held_out(other, is_error, scoring, 3)
    assert (first.phrase, first.threshold) == (second.phrase, second.threshold)
    assert first.value != second.value


def test_the_value_is_that_of_the_chosen_threshold_on_the_other_half(is_error, scoring):
    values = phrases(np.random.default_rng(1), is_error, 1.0)
    scored = score_held_out(values, is_error, scoring, 1)
    chosen = error_score(values[0, ~scoring], is_error[~scoring])
    above, wrong = values[0, scoring] > np.float32(chosen.threshold), is_error[scoring]
    assert scored.threshold == chosen.threshold
    assert scored.value == pytest.approx(above[wrong].mean() - above[~wrong].mean(), abs=1e-12)
    assert scored.value <= error_score(values[0, scoring], wrong).value


def test_the_earliest_of_tied_phrases_is_chosen(is_error, scoring):
    one = phrases(np.random.default_rng(1), is_error, 1.0)
    assert score_held_out(np.vstack([one, one]), is_error, scoring, 2).phrase == 0


def test_a_perfect_phrase_passes_and_no_phrase_does_not(is_error, scoring):
    perfect = score_held_out(is_error[None].astype(np.float32), is_error, scoring, 20)
    assert perfect.value == 1 and perfect.passes(0.9) and not perfect.passes(1.0)
    constant = score_held_out(np.zeros((1, len(is_error)), np.float32), is_error, scoring, 1)
    assert constant.phrase is None and not constant.passes(None)
    assert not score_held_out(np.empty((0, len(is_error)), np.float32), is_error, scoring, 1).passes(None)


def test_more_tries_ask_for_more(is_error, scoring):
    values = phrases(np.random.default_rng(1), is_error, 1.0)
    assert (
        score_held_out(values, is_error, scoring, 50).null_level
        > score_held_out(values, is_error, scoring, 1).null_level
    )


def test_random_words_earn_at_most_once_in_twenty(is_error, scoring):
    rng = np.random.default_rng(7)
    earned = [score_held_out(phrases(rng, is_error, *[0.0] * 5), is_error, scoring, 5).passes(None) for _ in range(400)]
    assert np.mean(earned) <= 0.05


def test_a_phrase_that_says_what_is_wrong_earns(is_error, scoring):
    rng = np.random.default_rng(8)
    earned = [score_held_out(phrases(rng, is_error, 0.0, 3.0), is_error, scoring, 5).passes(0.4) for _ in range(50)]
    assert np.mean(earned) > 0.9


def test_a_half_without_wrong_or_right_images_judges_nothing():
    is_error = np.array([True, False, False, False])
    scoring = np.array([False, True, True, False])
    with pytest.raises(NothingToSeparate):
        score_held_out(np.zeros((1, 4), np.float32), is_error, scoring, 1)
    with pytest.raises(NothingToSeparate):  # nor does one that leaves none to choose on
        score_held_out(np.zeros((1, 4), np.float32), is_error, ~scoring, 1)


def test_shapes_must_fit():
    with pytest.raises(BadArray):
        score_held_out(np.zeros((1, 3), np.float32), np.zeros(4, np.bool_), np.zeros(4, np.bool_), 1)
    with pytest.raises(BadArray):
        scoring_half(np.array([b"a"]), np.zeros(2, np.bool_), "s")
