"""Mean, spread and interval of a measure over people: worked by hand, and beside SciPy."""

import numpy as np
import pytest
from scipy import stats

from annotations.analysis.statistics.estimate_types import Estimate, Spread, spread, wilson_interval
from annotations.analysis.statistics.estimates import (
    MAX_RESAMPLES,
    MIN_RESAMPLES,
    bca_interval,
    estimate,
    n_resamples,
    p_value_of_mean,
    split_interval,
    t_interval,
)


def test_the_spread_uses_the_sample_standard_deviation() -> None:
    assert spread([1.0, None, 2.0, 3.0]) == Spread(3, 2.0, 1.0, 3.0)


def test_nobody_has_no_estimate() -> None:
    assert estimate([None]) == Estimate(0, None, None, None, None)


def test_one_person_has_a_mean_and_no_interval() -> None:
    assert estimate([0.4]) == Estimate(1, 0.4, None, 0.4, 0.4)


def test_equal_values_have_an_interval_of_no_width() -> None:
    found = estimate([0.4, 0.4, 0.4])
    assert (found.low, found.high, found.bca_low, found.bca_high, found.sd) == (0.4, 0.4, 0.4, 0.4, 0.0)


def test_the_order_of_people_changes_nothing() -> None:
    values = np.random.default_rng(1).normal(size=26).tolist()
    assert estimate(values) == estimate(values[::-1])


def test_the_interval_of_the_mean_is_students_worked_by_hand() -> None:
    # mean 2, sd 1, t(.975, 2) = 4.302653: 2 ± 4.302653 / √3
    assert t_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((-0.4841377, 4.4841377))
    found = estimate([1.0, 2.0, 3.0])
    assert (found.low, found.high) == pytest.approx((-0.4841377, 4.4841377))


def test_an_interval_of_what_cannot_be_negative_ends_at_0() -> None:
    assert estimate([1.0, 2.0, 3.0], least=0.0).low == 0
    assert estimate([2.0, 3.0], least=1.0).high == estimate([2.0, 3.0]).high
    low = estimate([20.0, 21.0]).low
    assert low is not None and estimate([20.0, 21.0], least=0.0).low == low > 0


def test_the_interval_holds_what_the_test_does_not_reject() -> None:
    values = np.random.default_rng(2).normal(size=12)
    low, high = t_interval(values)
    assert low is not None and high is not None
    assert p_value_of_mean(values, low) == pytest.approx(0.05)
    assert p_value_of_mean(values, high) == pytest.approx(0.05)


def test_halvings_of_one_sample_say_less_than_as_many_samples() -> None:
    # mean 2, sd 1, t(.975, 2) = 4.302653: 2 ± 4.302653 · √(1/3 + 1)
    assert split_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((-2.9682756, 6.9682756), abs=1e-5)
    assert split_interval(np.full(200, 0.4)) == (0.4, 0.4)


def test_values_without_spread_are_not_tested() -> None:
    assert p_value_of_mean(np.array([0.0, 0.0])) is None
    assert p_value_of_mean(np.array([0.3])) is None


@pytest.mark.parametrize("skewed", [False, True])
def test_the_interval_by_bootstrap_is_efrons_formula(skewed: bool) -> None:
    rng = np.random.default_rng(3)
    values = rng.exponential(size=26) if skewed else rng.normal(size=26)
    means = np.sort(values[rng.integers(0, 26, (100_000, 26))].mean(axis=1))
    around = values - values.mean()
    bias = stats.norm.ppf((means < values.mean()).mean())
    acceleration = (around**3).sum() / (6 * (around**2).sum() ** 1.5)
    z = bias + stats.norm.ppf([0.025, 0.975])
    low, high = np.quantile(means, stats.norm.cdf(bias + z / (1 - acceleration * z)))
    found = bca_interval(values, np.random.default_rng(4), 100_000)
    assert found == pytest.approx((low, high), abs=0.02 * (high - low))


def test_a_bootstrap_that_is_not_defined_has_no_interval() -> None:
    assert bca_interval(np.array([0.0, 1e-300]), np.random.default_rng(0), 1_000) == (None, None)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 26), (26, 26)])
def test_the_interval_of_a_share_is_scipys_wilson(successes: int, n: int) -> None:
    theirs = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson_interval(successes, n) == pytest.approx((theirs.low, theirs.high))


def test_a_share_of_nothing_has_no_interval() -> None:
    assert wilson_interval(0, 0) is None


@pytest.mark.parametrize("share", [0, 1])
def test_wilsons_interval_holds_a_share_of_none_and_of_all(share: int) -> None:
    for n in range(1, 500):
        low, high = wilson_interval(share * n, n) or (1.0, 0.0)
        assert low <= share <= high


def test_large_samples_take_fewer_resamples() -> None:
    assert (n_resamples(26), n_resamples(1_000_000)) == (MAX_RESAMPLES, MIN_RESAMPLES)
