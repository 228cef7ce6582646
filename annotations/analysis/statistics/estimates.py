"""A measure over people: number, mean, standard deviation, median, maximum, and two intervals for the mean."""

import statistics
import warnings
from collections.abc import Iterable
from functools import lru_cache
from math import inf, isnan

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from annotations.analysis.statistics.estimate_types import LEVEL, SEED, Estimate, spread
from clarify_errors.arrays.common.steps import step_done

MAX_RESAMPLES, MIN_RESAMPLES = 10_000, 1_000
_WORK = 5_000_000  # values drawn for one interval; beyond it there are fewer resamples
_CHUNK = 1_000_000  # values drawn at once
Bounds = tuple[float | None, float | None]


def estimate(values: Iterable[float | None], seed: int = SEED, least: float = -inf) -> Estimate:
    """Return the estimate of the values that are not None. The draws are seeded: equal values give equal bounds.

    least: what the measure cannot be below, where Student's interval then ends; BCa's lies within the values anyway.

    >>> estimate([2.0, 2.0]).low, estimate([1.0]).low, estimate([]).mean
    (2.0, None, None)
    """
    present = sorted(value for value in values if value is not None)  # sorted: whoever comes first changes nothing
    of = spread(present)
    if not present:
        return Estimate(0, None, None, None, None)
    low, high, bca_low, bca_high, resamples = None, None, None, None, 0
    if len(present) > 1:
        resamples = n_resamples(len(present))
        low, high = t_interval(np.array(present))
        low = max(low, least)
        bca_low, bca_high = _bca_interval(tuple(present), resamples, seed)
    return Estimate(of.n, of.mean, of.sd, statistics.median(present), of.max, low, high, bca_low, bca_high, resamples)


def t_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return Student's interval of the mean of two or more values, the headline's."""
    if (values == values[0]).all():
        return float(values[0]), float(values[0])
    low, high = stats.t.interval(LEVEL, len(values) - 1, values.mean(), stats.sem(values))
    return float(low), float(high)


def split_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the interval of a measure's mean over random halvings of one sample, of two or more.

    Halvings share images, so their mean is known less well than that of as many samples: Nadeau and Bengio (2003)
    replace 1/n by 1/n + 1, of as many images that report as choose.
    """
    n, sd = len(values), values.std(ddof=1)
    half = stats.t.ppf((1 + LEVEL) / 2, n - 1) * sd * np.sqrt(1 / n + 1)
    return float(values.mean() - half), float(values.mean() + half)


def p_value_of_mean(values: NDArray[np.float64], null: float = 0.0) -> float | None:
    """Return the two-sided p-value of Student's test that the mean is `null`; None where values do not spread."""
    if len(values) < 2 or (values == values[0]).all():
        return None
    return float(stats.ttest_1samp(values, null).pvalue)


def bca_interval(values: NDArray[np.float64], rng: np.random.Generator, resamples: int = MAX_RESAMPLES) -> Bounds:
    """Return the bias-corrected and accelerated bootstrap interval of the mean (Efron 1987), of two or more values.

    None where it is not defined: of few values, resamples may all lie on one side of the mean.
    """
    if (values == values[0]).all():
        return float(values[0]), float(values[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)  # None says it
        found = stats.bootstrap(
            (values,), np.mean, n_resamples=resamples, batch=at_once(len(values)), method="BCa", rng=rng
        ).confidence_interval
    step_done()
    return tuple(None if isnan(bound) else float(bound) for bound in found)  # type: ignore[return-value]  # two


@lru_cache(maxsize=8_192)
def _bca_interval(values: tuple[float, ...], resamples: int, seed: int) -> Bounds:
    """Kept, since the analysis of a study that goes on asks for those of every task again and again."""
    return bca_interval(np.array(values), np.random.default_rng(seed), resamples)


def n_resamples(n: int) -> int:
    """Return how many resamples an interval of n values rests on: 10,000, fewer for more than 500 values."""
    return int(np.clip(_WORK // n, MIN_RESAMPLES, MAX_RESAMPLES))


def at_once(n: int) -> int:
    """Return how many resamples of n values are drawn at once, so that they fit into memory."""
    return max(1, _CHUNK // n)
