"""`make bench`: the error score against a loop over 1,000 thresholds, as one would first write it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from modeling.error_score import error_score

Score = Callable[[NDArray[np.float32], NDArray[np.bool_]], float]


def exact(similarities: NDArray[np.float32], is_error: NDArray[np.bool_]) -> float:
    return error_score(similarities, is_error).value


def loop_over_thresholds(similarities: NDArray[np.float32], is_error: NDArray[np.bool_]) -> float:
    best = 0.0
    for threshold in np.linspace(similarities.min(), similarities.max(), 1000):
        above = similarities > threshold
        best = max(best, float(above[is_error].mean() - above[~is_error].mean()))
    return best


@pytest.mark.parametrize("n", [50, 1_200, 20_000])
@pytest.mark.parametrize("score", [loop_over_thresholds, exact])
def test_one_phrase(benchmark: Any, score: Score, n: int) -> None:
    rng = np.random.default_rng(0)
    is_error = np.arange(n) % 4 == 0
    similarities = rng.normal(0.2 + 0.02 * is_error, 0.03).astype(np.float32)
    benchmark.group = f"error score, {n} images"
    benchmark.extra_info["baseline"] = score is loop_over_thresholds
    assert benchmark(score, similarities, is_error) == pytest.approx(exact(similarities, is_error), abs=0.05)
