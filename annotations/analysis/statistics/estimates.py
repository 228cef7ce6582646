"""A measure over people: number, mean, standard deviation, median, maximum, and an interval for the mean."""

import statistics
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import LEVEL, SEED, Estimate, spread

MAX_RESAMPLES, MIN_RESAMPLES = 10_000, 1_000
_WORK = 5_000_000  # values drawn for one interval; beyond it there are fewer resamples
_CHUNK = 1_000_000  # values drawn at once
_NORMAL = statistics.NormalDist()


def estimate(values: Iterable[float | None]) -> Estimate:
    """Return the estimate of the values that are not None. The draws are seeded: equal values give equal bounds.

    >>> estimate([2.0, 2.0]).low, estimate([1.0]).low, estimate([]).mean
    (2.0, None, None)
    """
    present = sorted(value for value in values if value is not None)  # sorted: whoever comes first changes nothing
    of = spread(present)
    if not present:
        return Estimate(0, None, None, None, None, None, None, 0)
    low, high, resamples = None, None, 0
    if len(present) > 1:
        resamples = n_resamples(len(present))
        low, high = _interval(tuple(present), resamples)
    return Estimate(of.n, of.mean, of.sd, statistics.median(present), of.max, low, high, resamples)


@lru_cache(maxsize=8_192)
def _interval(values: tuple[float, ...], resamples: int) -> tuple[float, float]:
    """Kept, since a page that follows a study asks for those of every task again and again."""
    return bca_interval(values, np.random.default_rng(SEED), resamples)


def n_resamples(n: int) -> int:
    """Return how many resamples an interval of n values rests on: 10,000, fewer for more than 500 values."""
    return int(np.clip(_WORK // n, MIN_RESAMPLES, MAX_RESAMPLES))


def bca_interval(
    values: Sequence[float], rng: np.random.Generator, resamples: int = MAX_RESAMPLES
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated bootstrap interval of the mean (Efron 1987), of two or more values.

    As `scipy.stats.bootstrap(method="BCa")`, but for its draws.
    """
    array = np.asarray(values, dtype=np.float64)
    if (array == array[0]).all():
        return float(array[0]), float(array[0])
    means = np.sort(_resampled_means(array, resamples, rng))
    mean = array.mean()
    share = (np.searchsorted(means, mean, "left") + np.searchsorted(means, mean, "right")) / (2 * resamples)
    bias = _NORMAL.inv_cdf(float(np.clip(share, 0.5 / resamples, 1 - 0.5 / resamples)))
    around = array - mean  # the jackknife's means lie on a line with the values, so their skewness is that of these
    acceleration = (around**3).sum() / (6 * (around**2).sum() ** 1.5)
    tails = (_NORMAL.inv_cdf((1 - LEVEL) / 2), _NORMAL.inv_cdf((1 + LEVEL) / 2))
    places = [_NORMAL.cdf(bias + (bias + z) / (1 - acceleration * (bias + z))) for z in tails]
    low, high = np.quantile(means, places)
    return float(low), float(high)


def wilson_interval(successes: int, n: int) -> tuple[float, float] | None:
    """Return Wilson's interval of a share, None where n is 0.

    >>> [round(bound, 3) for bound in wilson_interval(0, 10)]
    [0.0, 0.278]
    """
    if n == 0:
        return None
    z = _NORMAL.inv_cdf((1 + LEVEL) / 2)
    share, weight = successes / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / weight
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / weight
    return max(0.0, middle - half), min(1.0, middle + half)


def _resampled_means(values: NDArray[np.float64], resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Means of samples with replacement, as many values each as there are: float64[resamples]."""
    n, means = len(values), np.empty(resamples)
    step = max(1, _CHUNK // n)
    for first in range(0, resamples, step):
        part = min(step, resamples - first)
        means[first : first + part] = values[rng.integers(0, n, (part, n))].mean(axis=1)
    return means
