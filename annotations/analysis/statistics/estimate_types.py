"""What statistics result in, as plain values: pages and files read these, a worker computes them."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

SEED = 20230  # of every random draw of an analysis: the same rows give the same tables
LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """n values that are there, their mean, sample standard deviation (n - 1; None below two values) and maximum."""

    n: int
    mean: float | None
    sd: float | None
    max: float | None


@dataclass(frozen=True)
class Estimate:
    """A spread with the median and a bootstrap interval [low, high] of the mean, at LEVEL.

    Below two values there is no sd and no interval; of equal values the interval is the value. resamples: how many the
    interval rests on, 0 without one.
    """

    n: int
    mean: float | None
    sd: float | None
    median: float | None
    max: float | None
    low: float | None
    high: float | None
    resamples: int


@dataclass(frozen=True)
class Comparison:
    """A difference of means with its interval and p-value; None where it cannot be had.

    n: people on either side; means: of either group of people, None for pairs; orders: permutations that the p-value
    rests on; is_exact: whether these are all there are.
    """

    n: tuple[int, int]
    difference: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    orders: int = 0
    is_exact: bool = False
    means: tuple[float, float] | None = None


@dataclass(frozen=True)
class Novelty:
    """What the next person may bring.

    people: who named something; concepts: distinct ones; named_once: concepts that one person alone named; chance: that
    the next person names a concept that is new, with its interval; None without people.
    """

    people: int
    concepts: int
    named_once: int
    chance: float | None
    low: float | None
    high: float | None


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
