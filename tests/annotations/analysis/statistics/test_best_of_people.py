"""The gain of the best-scored person: its interval over people agrees with one that draws them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from annotations.analysis.statistics.best_of_people import best_of_people


def test_it_agrees_with_scipys_percentile_bootstrap() -> None:
    rng = np.random.default_rng(5)
    scores, gains = rng.random(23), rng.normal(0.2, 0.1, 23)

    def gain(rows: NDArray[np.intp]) -> float:
        return float(gains[rows[np.argmax(scores[rows])]])

    drawn = stats.bootstrap(
        (np.arange(23),), gain, method="percentile", vectorized=False, n_resamples=20_000, rng=np.random.default_rng(1)
    )
    best, low, high = best_of_people(scores, gains)
    assert best == gains[scores.argmax()]
    assert (low, high) == pytest.approx(tuple(drawn.confidence_interval))


def test_what_many_people_say_decides_and_what_one_alone_says_does_not() -> None:
    scores, gains = np.array([0.9] * 10 + [0.1] * 10), np.array([0.3] * 10 + [0.0] * 10)
    assert best_of_people(scores, gains) == (0.3, 0.3, 0.3)
    scores[1:10] = 0.5
    gains[1:10] = 0.1
    assert best_of_people(scores, gains) == (0.3, 0.1, 0.3)


def test_of_one_person_and_of_equal_scores_there_is_no_other() -> None:
    assert best_of_people(np.array([0.5]), np.array([0.2])) == (0.2, 0.2, 0.2)
    assert best_of_people(np.array([0.5, 0.5]), np.array([0.2, 0.1])) == (0.2, 0.1, 0.2)
