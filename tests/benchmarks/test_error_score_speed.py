"""`make bench`: error scores of 50 phrases against a loop over 1,000 thresholds, as one would first write it.

Ours includes thresholds, two-sided values and p-values; the loop has the value alone.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.phrases.error_score import error_score, error_scores

PHRASES = 50
SIZES = [50, 1_200, 20_000]

Phrases = tuple[NDArray[np.float32], NDArray[np.bool_]]


def phrases(n: int) -> Phrases:
    rng = np.random.default_rng(0)
    is_error = np.arange(n) % 4 == 0
    return rng.normal(0.2 + 0.02 * is_error, 0.03, size=(PHRASES, n)).astype(np.float32), is_error


def all_at_once(similarities: NDArray[np.float32], is_error: NDArray[np.bool_]) -> NDArray[np.float64]:
    scores = error_scores(similarities, is_error)
    assert (scores.p_value <= 1).all()
    return scores.value


def one_by_one(similarities: NDArray[np.float32], is_error: NDArray[np.bool_]) -> NDArray[np.float64]:
    scores = [error_score(row, is_error) for row in similarities]
    assert all(score.p_value <= 1 for score in scores)
    return np.array([score.value for score in scores])


def loop_over_thresholds(similarities: NDArray[np.float32], is_error: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.array([_largest_difference(row, is_error) for row in similarities])


def _largest_difference(similarities: NDArray[np.float32], is_error: NDArray[np.bool_]) -> float:
    best = 0.0
    for threshold in np.linspace(similarities.min(), similarities.max(), 1000):
        above = similarities > threshold
        best = max(best, float(above[is_error].mean() - above[~is_error].mean()))
    return best


@pytest.mark.parametrize("n", SIZES)
def test_loop_over_thresholds(benchmark: Any, n: int) -> None:
    benchmark.group = f"error score, {n:,} images"
    benchmark.extra_info.update(baseline=True, phrases=PHRASES)
    similarities, is_error = phrases(n)
    scores = benchmark.pedantic(loop_over_thresholds, (similarities, is_error), rounds=3)
    assert scores == pytest.approx(all_at_once(similarities, is_error), abs=0.05)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("score", [all_at_once, one_by_one])
def test_exact(benchmark: Any, score: Any, n: int) -> None:
    benchmark.group = f"error score, {n:,} images"
    benchmark.extra_info["phrases"] = PHRASES
    similarities, is_error = phrases(n)
    assert benchmark(score, similarities, is_error).shape == (PHRASES,)
