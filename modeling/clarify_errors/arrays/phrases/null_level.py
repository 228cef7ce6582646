"""Error scores of phrases unrelated to the errors: null distribution, p-value and null level.

If similarities have nothing to do with errors, every order of the n_correct + n_error images is equally likely. An
order is a lattice path: a step right for a correct image, a step up for an error. With g = gcd(n_correct, n_error) the
score is a whole number of steps of size g / (n_correct · n_error), and it is at least h steps iff the path touches

    (correct · n_error - errors · n_correct) / g ≥ h.

So P(score ≥ h steps) is the share of paths that touch that line: the exact null distribution of the one-sided
two-sample Kolmogorov-Smirnov statistic without ties. Ties only lower the score, so with ties it is conservative. A path
read backwards swaps correct images and errors, so the two counts are interchangeable. See docs/analysts/methods.md.
"""

from functools import lru_cache
from math import ceil, expm1, gcd, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_count
from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate

MAX_EXACT_PAIRS = 10**7

_MAX_LOG_PATHS = 690.0  # float64 counts up to e^709 paths
_CHUNK = 2**20  # numbers in a working array
FINEST = 256  # largest number of steps in the sum for a mean
_LEAST = 1e-300  # smaller probabilities count as this one
_STRAYED = 30 * log(10)  # a share e^-this of the paths that touch strays so far first: too few for float64 to see


def p_method(n_correct: int, n_error: int) -> str:
    """Say how p-values are computed for these counts.

    Parameters
    ----------
    n_correct, n_error : int
        Images that are classified correctly and wrongly, each ≥ 1.

    Returns
    -------
    str
        `exact` if n_correct · n_error ≤ MAX_EXACT_PAIRS, otherwise `asymptotic`.

    Raises
    ------
    NothingToSeparate
        If a count is below 1.
    BadArray
        If a count is not a whole number.
    """
    return "exact" if _null(n_correct, n_error).is_exact else "asymptotic"


def p_value(value: float, n_correct: int, n_error: int) -> float:
    """Compute the probability that an unrelated phrase scores at least `value`.

    Parameters
    ----------
    value : float
        An error score in [0, 1].
    n_correct, n_error : int
        Images that are classified correctly and wrongly, each ≥ 1.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    NothingToSeparate
        If a count is below 1.
    BadArray
        If `value` is outside [0, 1], or a count is not a whole number.

    Examples
    --------
    >>> round(p_value(0.5, 4, 4), 3)
    0.4
    """
    return float(p_values(np.array([value]), n_correct, n_error)[0])


def p_values(values: NDArray[np.floating], n_correct: int, n_error: int) -> NDArray[np.float64]:
    """Compute the `p_value` of each error score.

    Parameters
    ----------
    values : float ndarray of shape (K,)
        Error scores in [0, 1].
    n_correct, n_error : int
        Images that are classified correctly and wrongly, each ≥ 1.

    Returns
    -------
    float64 ndarray of shape (K,)
        In [0, 1].

    Raises
    ------
    NothingToSeparate
        If a count is below 1.
    BadArray
        If `values` is not a vector in [0, 1], or a count is not a whole number.
    """
    outside = ~((values >= 0) & (values <= 1))  # NaN counts as outside
    if values.ndim != 1 or outside.any():
        where = f", but score {int(np.argmax(outside))} is not" if values.ndim == 1 else f", not {values.shape}"
        raise BadArray(f"error scores must be a vector in [0, 1]{where}")
    null = _null(n_correct, n_error)
    return null.survival(np.rint(values * null.n_steps).astype(np.int64))


def asymptotic_p_values(values: NDArray[np.floating], n_correct: int, n_error: int) -> NDArray[np.float64]:
    """Compute the limit of `p_values` as both counts grow.

    Parameters
    ----------
    values : float ndarray of shape (K,)
        Error scores x in [0, 1].
    n_correct, n_error : int
        Images that are classified correctly and wrongly, each ≥ 1.

    Returns
    -------
    float64 ndarray of shape (K,)
        exp(-2 x² · n_correct · n_error / (n_correct + n_error)).

    Notes
    -----
    This is Smirnov's limit for the one-sided two-sample statistic.
    """
    limit: NDArray[np.float64] = np.exp(-_rate(n_correct, n_error) * values**2)
    return limit


def _rate(n_correct: int, n_error: int) -> float:
    return 2 * n_correct * n_error / (n_correct + n_error)


@lru_cache(maxsize=4_096)
def null_level(n_correct: int, n_error: int, tries: int, quantile: float = 0.95) -> float:
    """Compute the score that the best of some unrelated phrases rarely exceeds.

    Parameters
    ----------
    n_correct, n_error : int
        Images that are classified correctly and wrongly, each ≥ 1.
    tries : int
        Number of phrases, ≥ 1.
    quantile : float, default 0.95
        Probability that their best scores at most the level, in (0, 1).

    Returns
    -------
    float
        The smallest attainable score x in [0, 1] with F(x)^tries ≥ quantile, F being the null distribution.

    Raises
    ------
    NothingToSeparate
        If a count is below 1.
    BadArray
        If an argument is out of range or not a whole number.

    Notes
    -----
    The level assumes independent phrases that are chosen blind. Correlated phrases reach less.

    Examples
    --------
    >>> null_level(40, 10, tries=5)
    0.5
    """
    check_count(tries, "the number of tries")
    if not 0 < quantile < 1:
        raise BadArray(f"the quantile must lie between 0 and 1, not {quantile}")
    null = _null(n_correct, n_error)
    # F(x)^tries ≥ quantile iff P(score > x) ≤ 1 - quantile^(1/tries), so the level is one step below the first
    # number of steps that is unlikely enough.
    return (null.first_below(-expm1(log(quantile) / tries)) - 1) / null.n_steps


@lru_cache(maxsize=4_096)
def null_mean(n_correct: int, n_error: int, tries: int) -> float:
    """Compute the mean score of the best of some unrelated phrases.

    Parameters
    ----------
    n_correct, n_error : int
        Images that are classified correctly and wrongly, each ≥ 1.
    tries : int
        Number of phrases, ≥ 1.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    NothingToSeparate
        If a count is below 1.
    BadArray
        If an argument is out of range or not a whole number.

    Notes
    -----
    The mean is the sum of P(best ≥ x) over attainable scores x > 0, times their spacing. If more than 256 of them
    matter, evenly spaced ones represent the others (trapezoidal rule).
    """
    check_count(tries, "the number of tries")
    null = _null(n_correct, n_error)
    steps = np.unique(np.linspace(0, null.furthest, min(null.furthest, FINEST) + 1).astype(np.int64))
    reached = 1 - (1 - null.survival(steps)) ** tries
    # The sum over whole steps equals the trapezoidal integral minus half of the first term plus half of the last.
    total = np.trapezoid(reached, steps) - (reached[0] - reached[-1]) / 2
    return float(total / null.n_steps)


class _Null:
    """Null distribution for two counts, in steps. It caches the probabilities that it has computed."""

    def __init__(self, n_correct: int, n_error: int) -> None:
        self.short, self.long = sorted((n_correct, n_error))
        pairs = self.short * self.long
        self.is_exact = pairs <= MAX_EXACT_PAIRS
        self.n_steps = pairs // gcd(self.short, self.long)
        self.rate = _rate(n_correct, n_error)
        self._known: dict[int, float] = {}

    @property
    def furthest(self) -> int:
        """Return the number of steps that an unrelated phrase exceeds with a probability of at most 1e-12."""
        return min(self.n_steps, int(self.n_steps * sqrt(12 * log(10) / self.rate)) + 1)

    def first_below(self, probability: float) -> int:
        """Return the fewest steps with P(score ≥ steps) ≤ probability; n_steps + 1 if there are none.

        √(-log P) is nearly linear in steps, so a few evaluations are enough. A guess that narrows the interval by less
        than half is followed by a bisection step.
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
        """Return P(score ≥ steps): float64[K] from int64[K] in [0, n_steps]."""
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
    """Compute the share of lattice paths to (long, short) that touch each of K lines.

    Parameters
    ----------
    short, long : int
        1 ≤ short ≤ long.
    steps : int64 ndarray of shape (K,)
        A path touches line k if it has a point (x, y) with (x · short - y · long) / gcd(short, long) ≥ steps[k].

    Returns
    -------
    float64 ndarray of shape (K,)
        In [0, 1].

    Notes
    -----
    Every term is positive, so small shares are as exact as large ones.
    """
    log_paths = lgamma(short + long + 1) - lgamma(short + 1) - lgamma(long + 1)
    share = _count_by_rows if log_paths < _MAX_LOG_PATHS else _share_by_diagonals
    g = gcd(short, long)
    return share(short, long, short // g, long // g, steps)


def _count_by_rows(short: int, long: int, right: int, up: int, steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Count the paths to each point of row y that touch: all of them on the line, otherwise the sum over both steps.

    paths[x] and touching[K, x] belong to one row; `right` and `up` are what a step right adds and a step up subtracts.
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
    """Compute the share of paths that touch, diagonal by diagonal, if there are too many to count.

    Of the paths through (x, y), the share y / (x + y) comes from below. Beyond the furthest line every path has
    touched. Of the paths that stray far to the other side, hardly any touches later (`_STRAYED`). Only points between
    are computed.
    """
    furthest, strayed = int(steps.max()), int(right * long * sqrt(_STRAYED * (short + long) / (2 * short * long)))
    y, steps = np.arange(-1, short + 1), steps[:, None]  # y = -1 contributes nothing to y = 0
    share = (y <= -steps).astype(np.float64)
    for t in range(1, short + long + 1):
        first = max((t * right - furthest) // (right + up), t - long, 0)
        last = min((t * right + strayed) // (right + up), t, short)
        below, here = share[:, first : last + 1], share[:, first + 1 : last + 2]
        here += (y[first + 1 : last + 2] / t) * (below - here)
        np.copyto(here, 1, where=y[first + 1 : last + 2] <= (t * right - steps) // (right + up))
    return share[:, -1]
