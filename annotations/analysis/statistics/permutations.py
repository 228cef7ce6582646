"""Permutation tests: of two groups of people, and of two measures of the same people. All p-values are two-sided."""

from collections.abc import Hashable, Sequence
from itertools import combinations, product
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import LEVEL, Comparison
from annotations.analysis.statistics.estimates import n_resamples

MAX_ORDERS, MIN_ORDERS = 9_999, 999  # random ones; where there are no more in all, each is taken once
_WORK = 5_000_000  # labels drawn for one test; beyond it there are fewer orders
_ROUNDING = 1e-9  # relative: sums in another order count as equal


def compare_groups(values: NDArray[np.float64], in_second: NDArray[np.bool_], rng: np.random.Generator) -> Comparison:
    """Compare two groups of people, each measured on some tasks: the second less the first.

    values: float64[n, T], NaN where a person has no value; in_second: bool[n]. The difference is the unweighted mean
    over tasks that both groups have of the difference of means. Whole persons are permuted, within strata of those who
    have values on the same tasks: labels were given to persons, and a person's values on several tasks belong together.
    The interval is a percentile bootstrap of persons within group and stratum.
    """
    some = ~np.isnan(values).all(axis=1)
    values, in_second = values[some], in_second[some]
    sizes = (int((~in_second).sum()), int(in_second.sum()))
    present = ~np.isnan(values)
    shared = present[in_second].any(axis=0) & present[~in_second].any(axis=0)
    values = values[:, shared]
    if not shared.any():
        return Comparison(sizes, None)
    strata = [np.flatnonzero(rows) for rows in _same_rows(present[:, shared])]
    observed = float(_differences(values, in_second[None, :])[0])
    orders, is_exact = _labelings(in_second, strata, rng)
    p_value = _p_value(_differences(values, orders), observed, is_exact=is_exact) if len(orders) > 1 else None
    low, high = _bootstrap_difference(values, in_second, strata, rng)
    first, second = (float(np.nanmean(values[group], axis=0).mean()) for group in (~in_second, in_second))
    return Comparison(sizes, observed, low, high, p_value, len(orders), is_exact, (first, second))


def compare_pairs(differences: Sequence[float], rng: np.random.Generator) -> Comparison:
    """Compare two measures of the same people: each person's difference has either sign with the same chance.

    differences: second less first, one a person. The interval is a percentile bootstrap of persons.

    >>> compare_pairs([1.0, 2.0, 3.0], np.random.default_rng(0)).p_value
    0.25
    """
    array = np.asarray(differences, dtype=np.float64)
    n = len(array)
    if n == 0:
        return Comparison((0, 0), None)
    is_exact = 2**n <= MAX_ORDERS + 1
    signs = np.array(list(product((1.0, -1.0), repeat=n))) if is_exact else _random_signs(n, rng)
    observed = float(array.mean())
    p_value = _p_value(signs @ array / n, observed, is_exact=is_exact)
    low, high = None, None
    if n > 1:
        resamples = n_resamples(n)
        means = array[rng.integers(0, n, (resamples, n))].mean(axis=1)
        low, high = _percentiles(means)
    return Comparison((n, n), observed, low, high, p_value, len(signs), is_exact)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's adjusted p-values of one family; None stays None.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    order = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, i) in enumerate(order):
        largest = max(largest, min(1.0, p * (len(order) - rank)))
        adjusted[i] = largest
    return adjusted


def _same_rows(table: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return for each distinct row which rows are like it."""
    keys: list[Hashable] = [row.tobytes() for row in table]
    return [np.array([key == each for each in keys]) for key in dict.fromkeys(keys)]


def _differences(values: NDArray[np.float64], in_second: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The difference under each labelling: float64[R] from float64[n, T] and bool[R, n]. No task may lack a group."""
    present = ~np.isnan(values)
    filled = np.where(present, values, 0.0)
    n_second = in_second @ present.astype(np.float64)
    sum_second = in_second @ filled
    n_first, sum_first = present.sum(axis=0) - n_second, filled.sum(axis=0) - sum_second
    with np.errstate(invalid="ignore", divide="ignore"):
        each = sum_second / n_second - sum_first / n_first
    mean: NDArray[np.float64] = np.nanmean(each, axis=1)
    return mean


def _labelings(
    in_second: NDArray[np.bool_], strata: Sequence[NDArray[np.int64]], rng: np.random.Generator
) -> tuple[NDArray[np.bool_], bool]:
    """All labellings that keep each stratum's numbers, or random ones: bool[R, n], and whether all."""
    counts = [int(in_second[rows].sum()) for rows in strata]
    total = prod(comb(len(rows), k) for rows, k in zip(strata, counts, strict=True))
    if total <= MAX_ORDERS:
        chosen = product(*(combinations(rows.tolist(), k) for rows, k in zip(strata, counts, strict=True)))
        labels = np.zeros((total, len(in_second)), np.bool_)
        for row, parts in enumerate(chosen):
            labels[row, [person for part in parts for person in part]] = True
        return labels, True
    orders = _n_orders(len(in_second))
    labels = np.empty((orders, len(in_second)), np.bool_)
    for rows in strata:
        labels[:, rows] = rng.permuted(np.tile(in_second[rows], (orders, 1)), axis=1)
    return labels, False


def _n_orders(n: int) -> int:
    """How many random orders of n people are taken."""
    return int(np.clip(_WORK // n, MIN_ORDERS, MAX_ORDERS))


def _random_signs(n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.where(rng.integers(0, 2, (_n_orders(n), n), dtype=np.int8), 1.0, -1.0)


def _p_value(statistics: NDArray[np.float64], observed: float, *, is_exact: bool) -> float:
    """Share of orders as far from zero as the observed one, which counts itself where the orders are random."""
    reached = int((np.abs(statistics) >= abs(observed) - _ROUNDING * max(abs(observed), 1e-3)).sum())
    return reached / len(statistics) if is_exact else (reached + 1) / (len(statistics) + 1)


def _bootstrap_difference(
    values: NDArray[np.float64],
    in_second: NDArray[np.bool_],
    strata: Sequence[NDArray[np.int64]],
    rng: np.random.Generator,
) -> tuple[float | None, float | None]:
    if min(in_second.sum(), (~in_second).sum()) < 2:
        return None, None
    present = ~np.isnan(values)
    filled = np.where(present, values, 0.0)
    resamples = n_resamples(len(values))
    sums = np.zeros((2, resamples, values.shape[1]))
    numbers = np.zeros((2, resamples, values.shape[1]))
    for rows in strata:
        for group in (0, 1):
            members = rows[in_second[rows] == bool(group)]
            if len(members):  # how often each is drawn: float64[resamples, members]
                times = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), resamples)
                sums[group] += times @ filled[members]
                numbers[group] += times @ present[members].astype(np.float64)
    first, second = sums / numbers
    return _percentiles((second - first).mean(axis=1))


def _percentiles(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
