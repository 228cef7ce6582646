"""What common words reach: levels and chances against enumeration and SciPy."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import hypergeom

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.arrays.phrases.error_score import error_score
from clarify_errors.arrays.phrases.vocabulary_level import (
    chance_to_pass,
    count_distinct,
    is_telling,
    vocabulary_level,
    vocabulary_scores,
)

SCORES = np.array([0.0, 0.1, 0.1, 0.2, 0.3, 0.3, 0.5])


@pytest.mark.parametrize("tries", [1, 2, 3, 7])
@pytest.mark.parametrize("level", [-1.0, 0.0, 0.1, 0.15, 0.3, 0.5, 1.0])
def test_the_chance_is_the_share_of_all_draws_whose_best_is_strictly_above(level: float, tries: int) -> None:
    draws = list(combinations(SCORES, tries))
    share = sum(max(draw) > level for draw in draws) / len(draws)
    assert chance_to_pass(SCORES, level, tries) == pytest.approx(share, abs=1e-12)


def test_the_chance_of_many_words_is_the_hypergeometric_one() -> None:
    scores = np.arange(5_000) / 5_000
    for tries in (1, 4, 20, 200):
        none_above = hypergeom.pmf(0, 5_000, 120, tries)
        assert chance_to_pass(scores, scores[-121], tries) == pytest.approx(1 - none_above, rel=1e-9)


def test_who_tries_more_words_than_there_are_passes() -> None:
    assert chance_to_pass(SCORES, 1.0, len(SCORES) + 1) == 1.0


@pytest.mark.parametrize("tries", [1, 2, 6])
@pytest.mark.parametrize("quantile", [0.05, 0.5, 0.8, 0.95])
def test_a_level_is_the_smallest_score_that_is_passed_seldom_enough(tries: int, quantile: float) -> None:
    seldom = [score for score in SCORES if chance_to_pass(SCORES, score, tries) <= 1 - quantile + 1e-12]
    assert vocabulary_level(SCORES, tries, quantile) == min(seldom)


def test_the_level_of_one_word_is_numpys_inverted_quantile() -> None:
    scores = np.random.default_rng(0).random(671)
    assert vocabulary_level(scores) == np.quantile(scores, 0.95, method="inverted_cdf")


@pytest.mark.parametrize(("tries", "quantile"), [(0, 0.95), (8, 0.95), (1, 0.0), (1, 1.0)])
def test_a_level_of_nothing_is_refused(tries: int, quantile: float) -> None:
    with pytest.raises(BadArray, match="a level needs 1 to 7 tries"):
        vocabulary_level(SCORES, tries, quantile)


def test_words_are_scored_like_phrases_in_either_direction() -> None:
    rng = np.random.default_rng(1)
    images, words = (unit_rows(rng.normal(size=(n, 8))) for n in (40, 300))
    is_error = np.arange(40) % 3 == 0
    for sign in (1, -1):
        expected = [error_score(sign * similarities(images, word), is_error).value for word in words]
        assert vocabulary_scores(images, is_error, words, sign).tolist() == expected


def test_no_words_have_no_scores() -> None:
    nothing = vocabulary_scores(np.eye(3, dtype=np.float32), np.arange(3) > 0, np.empty((0, 3), np.float32))
    assert nothing.shape == (0,)


def test_embeddings_that_differ_by_rounding_are_one_word() -> None:
    rng = np.random.default_rng(2)
    words = unit_rows(rng.normal(size=(30, 16)))
    repeated = words[rng.integers(0, 30, 400)] + rng.uniform(-1e-7, 1e-7, (400, 16)).astype(np.float32)
    assert count_distinct(np.concatenate([words, repeated.astype(np.float32)])) == 30
    assert count_distinct(words[:1]) == 1
    assert count_distinct(words[:0]) == 0


@pytest.mark.parametrize(("n_correct", "n_error", "telling"), [(10, 10, True), (9, 50, False), (50, 9, False)])
def test_fewer_than_ten_of_either_are_too_few_to_tell(n_correct: int, n_error: int, telling: bool) -> None:
    assert is_telling(n_correct, n_error) is telling
