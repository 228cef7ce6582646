"""What random phrases reach: the null distribution of the error score, its p-value and its null level.

Where similarities have nothing to do with errors, every order of the n_correct + n_error images is equally likely. An
order is a lattice path: a step right for a correct image, a step up for an error. With g = gcd(n_correct, n_error) the
score is a whole number of steps of size g / (n_correct · n_error), and it is at least h steps iff the path touches

    (correct · n_error - errors · n_correct) / g ≥ h.

So P(score ≥ h steps) is the share of paths that touch that line: the exact null of the one-sided two-sample
Kolmogorov-Smirnov statistic where no two similarities are tied. Ties only lower the score, so with ties it is
conservative. Read backwards, a path swaps the roles of correct images and errors: the two counts are interchangeable.
See docs/methods.md.
"""

from functools import lru_cache
from math import ceil, expm1, gcd, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_count
from modeling.arrays.common.modeling_errors import BadArray, NothingToSeparate

MOST_EXACT_PAIRS = 10**7

_MOST_LOG_PATHS = 690.0  # float64 counts up to e^709 paths
_CHUNK = 2**20  # numbers in a working array
_FINEST = 256  # steps that a mean is summed over
_LEAST = 1e-300  # probabilities below are none
_STRAYED = 30 * log(10)  # of paths that touch, e^-this go so far astray before: float64 does not see them


def p_method(n_correct: int, n_error: int) -> str:
    """`exact` while n_correct · n_error ≤ MOST_EXACT_PAIRS, then `asymptotic`. Raises NothingToSeparate."""
    return "exact" if _null(n_correct, n_error).is_exact else "asymptotic"


def p_value(value: float, n_correct: int, n_error: int) -> float:
    """The probability that a random phrase scores at least `value`, an error score in [0, 1].

    Raises NothingToSeparate where a count is 0, BadArray for a value outside [0, 1].

    >>> round(p_value(0.5, 4, 4), 3)
    0.4
    """
    return float(p_values(np.array([value]), n_correct, n_error)[0])


def p_values(values: NDArray[np.floating], n_correct: int, n_error: int) -> NDArray[np.float64]:
    """The `p_value` of each error score: float64[K] from float[K]."""
    outside = ~((values >= 0) & (values <= 1))  # so is NaN
    if values.ndim != 1 or outside.any():
        where = f", and score {int(np.argmax(outside))} does not" if values.ndim == 1 else f", not {values.shape}"
        raise BadArray(f"error scores must be a vector in [0, 1]{where}")
    null = _null(n_correct, n_error)
    return null.survival(np.rint(values * null.n_steps).astype(np.int64))


def asymptotic_p_values(values: NDArray[np.floating], n_correct: int, n_error: int) -> NDArray[np.float64]:
    """What `p_values` tend to as both counts grow: exp(-2 x² · n_correct · n_error / (n_correct + n_error)).

    Smirnov's limit of the one-sided two-sample statistic. float64[K] from float[K], counts ≥ 1.
    """
    limit: NDArray[np.float64] = np.exp(-_rate(n_correct, n_error) * values**2)
    return limit


def _rate(n_correct: int, n_error: int) -> float:
    return 2 * n_correct * n_error / (n_correct + n_error)


@lru_cache(maxsize=4_096)
def null_level(n_correct: int, n_error: int, tries: int, quantile: float = 0.95) -> float:
    """The score that the best of `tries` random phrases does not pass, with probability `quantile`.

    The smallest attainable score x with F(x)^tries ≥ quantile, F the null distribution; in [0, 1]. It assumes phrases
    that are independent and chosen blind: correlated phrases reach less. tries ≥ 1; quantile in (0, 1).

    Raises NothingToSeparate where a count is 0, BadArray.

    >>> null_level(40, 10, tries=5)
    0.5
    """
    check_count(tries, "the number of tries")
    if not 0 < quantile < 1:
        raise BadArray(f"the quantile must lie between 0 and 1, not {quantile}")
    null = _null(n_correct, n_error)
    # F(x)^tries ≥ quantile iff P(score > x) ≤ 1 - quantile^(1/tries): one step less than what is too unlikely.
    return (null.first_below(-expm1(log(quantile) / tries)) - 1) / null.n_steps


@lru_cache(maxsize=4_096)
def null_mean(n_correct: int, n_error: int, tries: int) -> float:
    """The mean score of the best of `tries` random phrases, in [0, 1]. Raises as `null_level` does.

    It is the sum of P(best ≥ x) over attainable scores x > 0, times their distance; of more than 256 that matter,
    evenly spaced ones stand for the others (trapezoids).
    """
    check_count(tries, "the number of tries")
    null = _null(n_correct, n_error)
    steps = np.unique(np.linspace(0, null.furthest, min(null.furthest, _FINEST) + 1).astype(np.int64))
    reached = 1 - (1 - null.survival(steps)) ** tries
    # A sum of whole steps is the integral by trapezoids less half of the first term, plus half of the last.
    total = np.trapezoid(reached, steps) - (reached[0] - reached[-1]) / 2
    return float(total / null.n_steps)


class _Null:
    """The null distribution for two counts, in steps; it keeps the probabilities that it has computed."""

    def __init__(self, n_correct: int, n_error: int) -> None:
        self.short, self.long = sorted((n_correct, n_error))
        pairs = self.short * self.long
        self.is_exact = pairs <= MOST_EXACT_PAIRS
        self.n_steps = pairs // gcd(self.short, self.long)
        self.rate = _rate(n_correct, n_error)
        self._known: dict[int, float] = {}

    @property
    def furthest(self) -> int:
        """Steps that a random phrase takes with a probability of 1e-12 at most."""
        return min(self.n_steps, int(self.n_steps * sqrt(12 * log(10) / self.rate)) + 1)

    def first_below(self, probability: float) -> int:
        """The fewest steps with P(score ≥ steps) ≤ probability; n_steps + 1 where there are none.

        √(-log P) is nearly linear in steps, so that a few evaluations do; a guess that gains little is followed by
        the middle.
        """
        low, high = 0, self.n_steps + 1
        slope, target = sqrt(self.rate) / self.n_steps, sqrt(-log(probability))
        guess = ceil(target / slope)
        while high - low > 1:
            width, guess = high - low, min(max(guess, low + 1), high - 1)
            reached = float(self.survival(np.array([guess]))[0])
            low, high = (low, guess) if reached <= probability else (guess, high)
            linear = guess + ceil((target - sqrt(-log(max(reached, _LEAST)))) / slope)
            guess = linear if 2 * (high - low) <= width else (low + high) // 2
        return high

    def survival(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """P(score ≥ steps): float64[K] from int64[K] in [0, n_steps]."""
        if not self.is_exact:
            return asymptotic_p_values(steps / self.n_steps, self.short, self.long)
        wanted = steps.tolist()
        new = sorted(set(wanted) - self._known.keys())
        at_once = max(1, _CHUNK // (self.long + 1))
        for start in range(0, len(new), at_once):
            chunk = new[start : start + at_once]
            self._known.update(zip(chunk, touching_share(self.short, self.long, np.array(chunk)).tolist(), strict=True))
        return np.array([self._known[each] for each in wanted], dtype=np.float64)


@lru_cache(maxsize=256)
def _null(n_correct: int, n_error: int) -> _Null:
    if n_correct < 1 or n_error < 1:
        raise NothingToSeparate(n_correct, n_error)
    check_count(n_correct, "the number of correct images")
    check_count(n_error, "the number of wrong images")
    return _Null(n_correct, n_error)


def touching_share(short: int, long: int, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of lattice paths to (long, short) that touch (x · short - y · long) / gcd ≥ steps: [K] from int64[K].

    1 ≤ short ≤ long. Every term is positive, so that small shares are as exact as large ones.
    """
    log_paths = lgamma(short + long + 1) - lgamma(short + 1) - lgamma(long + 1)
    share = _count_by_rows if log_paths < _MOST_LOG_PATHS else _share_by_diagonals
    g = gcd(short, long)
    return share(short, long, short // g, long // g, steps)


def _count_by_rows(short: int, long: int, right: int, up: int, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count the paths to each point of row y: those that touch are all of them on the line, else the sum of both ways.

    paths[x] and touching[K, x] belong to one row; `right` and `up` are what a step adds and takes.
    """
    x = np.arange(long + 1)
    paths = np.ones(long + 1)
    touching = np.zeros((len(steps), long + 1))
    for y in range(short + 1):
        if y:
            np.cumsum(paths, out=paths)
            np.cumsum(touching, axis=1, out=touching)
        np.copyto(touching, paths, where=x * right - y * up >= steps[:, None])
    share: NDArray[np.float64] = touching[:, -1] / paths[-1]
    return share


def _share_by_diagonals(short: int, long: int, right: int, up: int, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where there are too many paths to count: the share of them that touch, for each point of a diagonal x + y = t.

    Of the paths through (x, y), y in x + y come from below. Beyond the furthest line every path has touched; of those
    that stray far to the other side hardly any touches later (`_STRAYED`). Only points between are computed.
    """
    furthest, strayed = int(steps.max()), int(right * long * sqrt(_STRAYED * (short + long) / (2 * short * long)))
    y, steps = np.arange(-1, short + 1), steps[:, None]  # y = -1 has no part in y = 0
    share = (y <= -steps).astype(np.float64)
    for t in range(1, short + long + 1):
        first = max((t * right - furthest) // (right + up), t - long, 0)
        last = min((t * right + strayed) // (right + up), t, short)
        below, here = share[:, first : last + 1], share[:, first + 1 : last + 2]
        here += (y[first + 1 : last + 2] / t) * (below - here)
        np.copyto(here, 1, where=y[first + 1 : last + 2] <= (t * right - steps) // (right + up))
    return share[:, -1]
