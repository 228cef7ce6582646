"""A mean own gain of people of whom most, or few, gain nothing, and its test against random slices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.analysis.statistics.estimates import t_interval
from clarify_errors.arrays.retraining.random_slice_gains import SliceGains, beside_random_slices

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
