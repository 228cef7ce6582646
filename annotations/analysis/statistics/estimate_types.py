"""What statistics result in, as plain values: pages and files read these, a worker computes them."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

SEED = 20230  # of every random draw of an analysis: the same rows give the same tables
LEVEL = 0.95


class Interval(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """n values that are there, their mean, sample standard deviation (n - 1; None below two values) and maximum."""

    n: int
    mean: float | None
    sd: float | None
    max: float | None


@dataclass(frozen=True)
class Estimate:
    """A spread with the median and the mean's intervals at LEVEL: Student's [low, high], and BCa's beside it.

    Below two values there is no sd and no interval; of equal values the interval is the value. resamples: how many
    BCa's rests on, 0 without one. finders: how many people carry a mean own gain, where these or the others are few and
    [low, high] allows for their share; else None.
    """

    n: int
    mean: float | None
    sd: float | None
    median: float | None
    max: float | None
    low: float | None = None
    high: float | None = None
    bca_low: float | None = None
    bca_high: float | None = None
    resamples: int = 0
    finders: int | None = None


@dataclass(frozen=True)
class Comparison:
    """A difference of means with its interval and p-values; None where it cannot be had.

    n: people on either side; low, high, p_value: Welch's of two groups, Student's of pairs; permutation_p: of a
    permutation test beside it, which rests on so many orders; is_exact: whether these are all there are; means: of
    either group of people, None for pairs.
    """

    n: tuple[int, int]
    difference: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    permutation_p: float | None = None
    orders: int = 0
    is_exact: bool = False
    means: tuple[float, float] | None = None


@dataclass(frozen=True)
class Novelty:
    """What the next person may bring.

    people: who submitted a phrase; concepts: distinct ones; named_once: concepts that one person alone named; chance:
    that the next person names a concept that is new, with its interval; None without people.
    """

    people: int
    concepts: int
    named_once: int
    chance: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PeopleNeeded:
    """Further people until there are enough (`TaskNovelty.is_enough`), with the ends of the estimate's interval.

    most: for how many it can be estimated, as many as were asked; None: more than these.
    """

    more: int | None
    low: int | None
    high: int | None
    most: int


def spread(values: Iterable[float | None]) -> Spread:
    """Return the spread of the values that are not None.

    >>> spread([0.5, None, 0.7])
    Spread(n=2, mean=0.6, sd=0.1414213562373095, max=0.7)
    """
    present = [value for value in values if value is not None]
    if not present:
        return Spread(0, None, None, None)
    sd = statistics.stdev(present) if len(present) > 1 else None
    return Spread(len(present), statistics.fmean(present), sd, max(present))


def tenths(share: float) -> float:
    """Return a share in whole tenths of a percent, as it is written, so that what is computed from it adds up.

    >>> tenths(0.36846), f"{0.36846:.1%}"
    (0.368, '36.8%')
    """
    return float(f"{100 * share:.1f}") / 100


def wilson_interval(successes: int, n: int) -> Interval | None:
    """Return Wilson's interval of a share, None where n is 0.

    Own code, since pages of the web process ask for it, which has no SciPy (decision 40).

    >>> [round(bound, 3) for bound in wilson_interval(0, 10)]
    [0.0, 0.278]
    """
    if n == 0:
        return None
    share = successes / n
    # Rounding must not put an end of 0 or 1 beyond the share itself.
    low, high = (float(wilson_end(share, n, side)) for side in (-1, 1))
    return Interval(min(share, max(0.0, low)), max(share, min(1.0, high)))


def wilson_end(share: Any, n: Any, side: int) -> Any:
    """Return the lower (side -1) or upper end (1) of Wilson's interval of a share of n; of numbers or of arrays."""
    z = statistics.NormalDist().inv_cdf((1 + LEVEL) / 2)
    weight = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / weight
    return middle + side * (z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / weight)
