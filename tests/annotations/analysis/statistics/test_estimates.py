"""Mean, spread and interval of a measure over people: worked by hand, and beside SciPy."""

import numpy as np
import pytest
from scipy import stats

from annotations.analysis.statistics.estimate_types import Estimate, Spread, spread
from annotations.analysis.statistics.estimates import (
    MAX_RESAMPLES,
    MIN_RESAMPLES,
    bca_interval,
    estimate,
    n_resamples,
    wilson_interval,
)


def test_the_spread_uses_the_sample_standard_deviation() -> None:
    assert spread([1.0, None, 2.0, 3.0]) == Spread(3, 2.0, 1.0, 3.0)


def test_nobody_has_no_estimate() -> None:
    assert estimate([None]) == Estimate(0, None, None, None, None, None, None, 0)


def test_one_person_has_a_mean_and_no_interval() -> None:
    assert estimate([0.4]) == Estimate(1, 0.4, None, 0.4, 0.4, None, None, 0)


def test_equal_values_have_an_interval_of_no_width() -> None:
    found = estimate([0.4, 0.4, 0.4])
    assert (found.low, found.high, found.sd) == (0.4, 0.4, 0.0)


def test_the_order_of_people_changes_nothing() -> None:
    values = np.random.default_rng(1).normal(size=26).tolist()
    assert estimate(values) == estimate(values[::-1])


@pytest.mark.parametrize("skewed", [False, True])
def test_the_interval_is_scipys_bca(skewed: bool) -> None:
    rng = np.random.default_rng(3)
    values = rng.exponential(size=26) if skewed else rng.normal(size=26)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=100_000, method="BCa", rng=np.random.default_rng(5)
    ).confidence_interval
    low, high = bca_interval(values.tolist(), np.random.default_rng(4), 100_000)
    width = theirs.high - theirs.low
    assert low == pytest.approx(theirs.low, abs=0.02 * width)
    assert high == pytest.approx(theirs.high, abs=0.02 * width)


def test_the_interval_covers_the_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(300):
        low, high = bca_interval(rng.normal(size=26).tolist(), rng, 1_000)
        hits += low <= 0 <= high
    assert 0.89 <= hits / 300 <= 0.98


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 26), (26, 26)])
def test_the_interval_of_a_share_is_scipys_wilson(successes: int, n: int) -> None:
    theirs = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson_interval(successes, n) == pytest.approx((theirs.low, theirs.high))


def test_a_share_of_nothing_has_no_interval() -> None:
    assert wilson_interval(0, 0) is None


def test_large_samples_take_fewer_resamples() -> None:
    assert (n_resamples(26), n_resamples(1_000_000)) == (MAX_RESAMPLES, MIN_RESAMPLES)
