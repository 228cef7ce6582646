"""Differences of means: of two groups of people, and of two measures of the same people. All tests are two-sided.

A mean own gain of people of whom most, or few, gain nothing has a test of its own, against random slices.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from annotations.analysis.statistics.estimate_types import LEVEL, Comparison, wilson_interval
from annotations.analysis.statistics.estimates import at_once, p_value_of_mean, t_interval
from clarify_errors.arrays.retraining.random_slice_gains import SliceGains, beside_random_slices

MAX_ORDERS, MIN_ORDERS = 9_999, 999  # random ones; where there are no more in all, each is taken once
_WORK = 5_000_000  # labels drawn for one test; beyond it there are fewer orders


def compare_groups(values: NDArray[np.float64], in_second: NDArray[np.bool_], rng: np.random.Generator) -> Comparison:
    """Compare two groups of people, each measured on some tasks: the second less the first.

    values: float64[n, T], NaN where a person has no value; in_second: bool[n]. The difference is the unweighted mean
    over tasks that both groups have of the difference of means. Interval and p-value are Welch's over persons, however
    many tasks each has, and whole persons are permuted.
    """
    some = ~np.isnan(values).all(axis=1)
    values, in_second = values[some], in_second[some]
    sizes = (int((~in_second).sum()), int(in_second.sum()))
    present = ~np.isnan(values)
    shared = present[in_second].any(axis=0) & present[~in_second].any(axis=0)
    if not shared.any():
        return Comparison(sizes, None)
    first, second = (person_values(values[group][:, shared]) for group in (~in_second, in_second))
    means = float(first.mean()), float(second.mean())
    low, high, p_value = welch(first, second)
    found = _permuted((second, first), "independent", rng)
    return Comparison(sizes, means[1] - means[0], low, high, p_value, *found, means)


def person_values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one value a person, whose mean is the mean over tasks of the group's means: float64[n].

    values: float64[n, T], NaN where a person has no value; each task has one. Of a person with all tasks it is the mean
    over these. Of one who lacks some it is the pseudo-value: the group's mean and n times the person's share in it, so
    that their variance over n is the squared standard error of the mean, with persons as units.

    >>> person_values(np.array([[0.0, 2.0], [1.0, np.nan]])).tolist()
    [0.75, 1.75]
    """
    present = ~np.isnan(values)
    n_people, n_tasks = values.shape
    mean = np.nanmean(values, axis=0)
    shares = np.where(present, values - mean, 0.0) / (present.sum(axis=0) * n_tasks)
    found: NDArray[np.float64] = mean.mean() + n_people * shares.sum(axis=1)
    return found


def welch(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float | None, float | None, float | None]:
    """Return Welch's interval of the second's mean less the first's, and the p-value.

    None below two values on either side, and where neither side has any spread.
    """
    if min(len(first), len(second)) < 2 or (np.ptp(first) == 0 and np.ptp(second) == 0):
        return None, None, None
    found = stats.ttest_ind(second, first, equal_var=False)
    interval = found.confidence_interval(LEVEL)
    return float(interval.low), float(interval.high), float(found.pvalue)


def compare_pairs(differences: Sequence[float], rng: np.random.Generator) -> Comparison:
    """Compare two measures of the same people, by Student's t, and with each person's difference under either sign.

    differences: second less first, one a person.

    >>> compare_pairs([1.0, 2.0, 3.0], np.random.default_rng(0)).permutation_p
    0.25
    """
    array = np.asarray(differences, dtype=np.float64)
    n = len(array)
    if n == 0:
        return Comparison((0, 0), None)
    low, high = t_interval(array) if n > 1 else (None, None)
    found = _permuted((array,), "samples", rng)
    return Comparison((n, n), float(array.mean()), low, high, p_value_of_mean(array), *found)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's adjusted p-values of one family; None stays None.

    >>> holm([0.01, 0.04, None, 0.03])
    [0.03, 0.06, None, 0.06]
    """
    values = np.array([np.nan if p is None else p for p in p_values])
    order = np.argsort(values)  # what is missing comes last
    left = np.arange(np.isfinite(values).sum(), 0, -1)
    ordered = np.minimum(np.maximum.accumulate(values[order[: len(left)]] * left), 1)
    adjusted: list[float | None] = [None] * len(values)
    for i, p in zip(order, ordered, strict=False):
        adjusted[i] = float(p)
    return adjusted


def _permuted(
    samples: tuple[NDArray[np.float64], ...], kind: str, rng: np.random.Generator
) -> tuple[float | None, int, bool]:
    """Return the p-value of a permutation test of the difference of means, its orders, and whether these are all."""
    n = sum(map(len, samples))
    if min(map(len, samples)) < 2:
        return None, 0, False
    most = int(np.clip(_WORK // n, MIN_ORDERS, MAX_ORDERS))
    found = stats.permutation_test(
        samples, _far_from_zero, permutation_type=kind, alternative="greater", vectorized=True, rng=rng,
        n_resamples=most, batch=at_once(n),
    )  # fmt: skip
    orders = len(found.null_distribution)
    return float(found.pvalue), orders, orders < most


def _far_from_zero(*samples: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    means = [each.mean(axis=axis) for each in samples]
    far: NDArray[np.float64] = np.abs(means[0] - means[1] if len(means) > 1 else means[0])
    return far


FEW = 5  # people who gain, or do not


def is_few(is_finder: NDArray[np.bool_]) -> bool:
    """Return whether a mean is carried by so few people, or by all but so few, that Student's interval misses."""
    finders = int(is_finder.sum())
    return min(finders, len(is_finder) - finders) < FEW


def mean_interval(gains: NDArray[np.float64], is_finder: NDArray[np.bool_], largest: float) -> tuple[float, float]:
    """Return Student's interval of a mean of two or more gains, extended where few people are finders, or all but few.

    A sample may hold none of them. Then the mean is a share of finders, known by Wilson's interval, who gain what those
    gain who are there, or `largest` without any.
    """
    n, finders = len(gains), int(is_finder.sum())
    low, high = t_interval(gains)
    share = wilson_interval(finders, n)
    if is_few(is_finder) and share is not None:
        found = float(gains[is_finder].mean()) if finders else largest
        rest = float(gains[~is_finder].mean()) if finders < n else 0.0
        ends = [each * found + (1 - each) * rest for each in share]
        low, high = min(low, *ends), max(high, *ends)
    return low, high


def p_value_beside_slices(
    gains: Sequence[float], slices: Sequence[SliceGains | None], tries: Sequence[int]
) -> float | None:
    """Return the two-sided p-value that people gain what random slices do; None below two people and without spread."""
    if len(gains) < 2:
        return None
    found = beside_random_slices(gains, slices, tries)
    return None if found is None else float(2 * stats.t.sf(abs(found.t), found.df))
