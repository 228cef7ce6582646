"""Permutation tests: worked by hand, and beside SciPy."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from annotations.analysis.statistics.permutations import compare_groups, compare_pairs, holm


def groups(first: list[float], second: list[float]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values = np.array([*first, *second])[:, None]
    return values, np.array([False] * len(first) + [True] * len(second))


def mean_difference(first: NDArray[np.float64], second: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    difference: NDArray[np.float64] = np.abs(second.mean(axis=axis) - first.mean(axis=axis))
    return difference


def test_two_groups_worked_by_hand() -> None:
    found = compare_groups(*groups([1, 2], [3, 4]), np.random.default_rng(0))
    # Of the six ways to choose two of four, {1, 2} and {3, 4} alone differ by 2 or more.
    assert (found.difference, found.orders, found.is_exact) == (2.0, 6, True)
    assert found.p_value == pytest.approx(1 / 3)
    assert found.means == (1.5, 3.5)


def test_a_small_comparison_is_scipys_exact_permutation_test() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=6), rng.normal(0.8, size=5)
    found = compare_groups(*groups(first.tolist(), second.tolist()), rng)
    theirs = stats.permutation_test(
        (first, second), mean_difference, alternative="greater", n_resamples=np.inf, vectorized=True
    )
    assert found.p_value == pytest.approx(theirs.pvalue)


def test_a_large_comparison_is_near_scipys() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=30), rng.normal(0.5, size=28)
    found = compare_groups(*groups(first.tolist(), second.tolist()), rng)
    theirs = stats.permutation_test(
        (first, second), mean_difference, alternative="greater", n_resamples=50_000, vectorized=True, rng=rng
    )
    assert not found.is_exact
    assert found.p_value == pytest.approx(theirs.pvalue, abs=0.015)
    interval = stats.bootstrap(
        (first, second),
        lambda a, b, axis: b.mean(axis=axis) - a.mean(axis=axis),
        n_resamples=20_000,
        method="percentile",
        rng=rng,
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=0.04)


def test_people_are_exchanged_only_with_those_who_did_the_same_tasks() -> None:
    nan = np.nan
    values = np.array([[1.0, nan], [2.0, nan], [nan, 10.0], [nan, 30.0]])
    found = compare_groups(values, np.array([False, True, False, True]), np.random.default_rng(0))
    # Two orders in each of two strata. The differences are (±1 ± 20) / 2.
    assert (found.difference, found.orders, found.p_value) == (10.5, 4, 0.5)


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
    assert once.p_value == twice.p_value


def test_nobody_in_a_group_is_no_comparison() -> None:
    found = compare_groups(np.array([[1.0], [2.0]]), np.array([False, False]), np.random.default_rng(0))
    assert (found.n, found.difference, found.p_value) == ((2, 0), None, None)


def test_one_person_on_either_side_has_a_difference_and_no_interval() -> None:
    found = compare_groups(*groups([1], [3]), np.random.default_rng(0))
    assert (found.difference, found.low, found.p_value) == (2.0, None, 1.0)


def test_groups_without_a_difference_have_a_p_of_one() -> None:
    assert compare_groups(*groups([2, 2], [2, 2]), np.random.default_rng(0)).p_value == 1.0


def test_pairs_are_scipys_exact_sign_flips() -> None:
    differences = np.random.default_rng(5).normal(0.4, size=9)
    theirs = stats.permutation_test(
        (differences, np.zeros(9)),
        lambda a, b, axis: np.abs((a - b).mean(axis=axis)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert compare_pairs(differences.tolist(), np.random.default_rng(0)).p_value == pytest.approx(theirs.pvalue)


def test_many_pairs_are_flipped_at_random() -> None:
    found = compare_pairs(np.random.default_rng(6).normal(1.0, size=40).tolist(), np.random.default_rng(0))
    assert (found.is_exact, found.orders) == (False, 9_999)
    assert found.p_value == pytest.approx(1e-4)
    assert found.low is not None and found.low > 0


def test_no_pair_is_no_comparison() -> None:
    assert compare_pairs([], np.random.default_rng(0)).difference is None


def test_holm_worked_by_hand() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == [0.03, 0.06, None, 0.06]
