"""Differences of means: worked by hand, and beside SciPy and statsmodels."""

import numpy as np
import pytest
import statsmodels.formula.api as smf
from numpy.typing import NDArray
from pandas import DataFrame
from scipy import stats
from statsmodels.stats.multitest import multipletests

from annotations.analysis.statistics.mean_differences import compare_groups, compare_pairs, holm, person_values


def groups(first: list[float], second: list[float]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values = np.array([*first, *second])[:, None]
    return values, np.array([False] * len(first) + [True] * len(second))


def test_two_groups_worked_by_hand() -> None:
    found = compare_groups(*groups([1, 2], [3, 4]), np.random.default_rng(0))
    # The standard error is √(.5/2 + .5/2) = .7071 with 2 degrees of freedom: 2 ± 4.302653 · .7071.
    assert (found.difference, found.low, found.high) == pytest.approx((2.0, -1.0424349, 5.0424349))
    # Of the six ways to choose two of four, {1, 2} and {3, 4} alone differ by 2 or more.
    assert (found.orders, found.is_exact) == (6, True)
    assert found.permutation_p == pytest.approx(1 / 3)
    assert found.means == (1.5, 3.5)


def test_groups_that_spread_differently_are_compared_by_welch() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=6), rng.normal(0.8, 3, size=15)
    found = compare_groups(*groups(first.tolist(), second.tolist()), rng)
    v = np.array([each.var(ddof=1) / len(each) for each in (first, second)])
    freedom = v.sum() ** 2 / (v**2 / (np.array([6, 15]) - 1)).sum()
    t = (second.mean() - first.mean()) / np.sqrt(v.sum())
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), freedom))
    half = stats.t.ppf(0.975, freedom) * np.sqrt(v.sum())
    assert (found.low, found.high) == pytest.approx((found.difference - half, found.difference + half))


def test_a_small_comparison_takes_every_order_and_a_large_one_random_ones() -> None:
    rng = np.random.default_rng(2)
    small = compare_groups(*groups(rng.normal(size=5).tolist(), rng.normal(size=4).tolist()), rng)
    assert (small.orders, small.is_exact) == (126, True)
    large = compare_groups(*groups(rng.normal(size=30).tolist(), rng.normal(0.5, size=28).tolist()), rng)
    assert (large.orders, large.is_exact) == (9_999, False)
    assert large.permutation_p == pytest.approx(large.p_value, abs=0.03)


def test_of_people_with_all_tasks_the_mean_over_tasks_counts() -> None:
    values = np.random.default_rng(3).normal(size=(7, 3))
    assert person_values(values) == pytest.approx(values.mean(axis=1))


def test_of_people_who_lack_tasks_the_standard_error_is_that_of_clustered_regression() -> None:
    """One task each for some people, two for others: as least squares with task effects and persons as clusters."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(12, 2)) + np.array([0.0, 5.0])
    values[:4, 0], values[4:8, 1] = np.nan, np.nan
    found = person_values(values)
    assert found.mean() == pytest.approx(np.nanmean(values, axis=0).mean())
    people, tasks = np.nonzero(~np.isnan(values))
    long = DataFrame({"value": values[people, tasks], "task": tasks, "person": people})
    fitted = smf.ols("value ~ C(task) - 1", long).fit(
        cov_type="cluster", cov_kwds={"groups": long.person, "use_correction": False}
    )
    of_mean = np.sqrt(np.full(2, 0.5) @ fitted.cov_params().to_numpy() @ np.full(2, 0.5))
    assert found.std(ddof=0) / np.sqrt(12) == pytest.approx(of_mean)


def test_a_task_that_one_group_did_not_do_is_left_out() -> None:
    values = np.array([[1.0, 5.0], [2.0, 6.0], [3.0, np.nan], [4.0, np.nan]])
    found = compare_groups(values, np.array([False, False, True, True]), np.random.default_rng(0))
    assert found.difference == 2.0


def test_a_person_counts_once_however_many_tasks() -> None:
    """Two equal tasks of the same people are no more evidence than one."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(10, 1))
    labels = np.arange(10) % 2 == 0
    once, twice = (compare_groups(each, labels, np.random.default_rng(0)) for each in (values, np.tile(values, 2)))
    assert once.p_value == pytest.approx(twice.p_value)
    assert once.permutation_p == twice.permutation_p


def test_nobody_in_a_group_is_no_comparison() -> None:
    found = compare_groups(np.array([[1.0], [2.0]]), np.array([False, False]), np.random.default_rng(0))
    assert (found.n, found.difference, found.p_value) == ((2, 0), None, None)


def test_one_person_on_either_side_has_a_difference_and_no_interval() -> None:
    found = compare_groups(*groups([1], [3]), np.random.default_rng(0))
    assert (found.difference, found.low, found.p_value, found.permutation_p) == (2.0, None, None, None)


def test_groups_without_any_spread_have_no_interval() -> None:
    found = compare_groups(*groups([2, 2], [2, 2]), np.random.default_rng(0))
    assert (found.difference, found.low, found.p_value, found.permutation_p) == (0.0, None, None, 1.0)


def test_pairs_are_compared_by_students_t() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=9), rng.normal(0.4, size=9)
    found = compare_pairs((second - first).tolist(), rng)
    theirs = stats.ttest_rel(second, first)
    assert found.p_value == pytest.approx(theirs.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))


def test_the_sign_of_each_pair_is_flipped() -> None:
    # Of eight choices of signs, all + and all - alone give a mean of 2 or more from zero.
    found = compare_pairs([1.0, 2.0, 3.0], np.random.default_rng(0))
    assert (found.permutation_p, found.orders, found.is_exact) == (0.25, 8, True)
    many = compare_pairs(np.random.default_rng(6).normal(1.0, size=40).tolist(), np.random.default_rng(0))
    assert (many.is_exact, many.orders) == (False, 9_999)
    assert many.permutation_p == pytest.approx(1e-4)


def test_one_pair_has_a_difference_alone() -> None:
    found = compare_pairs([0.5], np.random.default_rng(0))
    assert (found.difference, found.low, found.p_value, found.permutation_p) == (0.5, None, None, None)


def test_no_pair_is_no_comparison() -> None:
    assert compare_pairs([], np.random.default_rng(0)).difference is None


def test_holm_worked_by_hand() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == pytest.approx([0.03, 0.06, None, 0.06])
    assert holm([None]) == [None] and holm([]) == []


def test_holm_is_that_of_statsmodels() -> None:
    p_values = [*np.random.default_rng(1).uniform(0, 0.2, 12), 0.01, 0.01]
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))
