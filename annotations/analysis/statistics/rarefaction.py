"""How many concepts so many people name: fewer than were asked (rarefaction), or up to twice as many (extrapolation).

By incidence, with people as units, as Colwell et al. (2012) and Chao et al. (2014) do with species and plots. Intervals
are unconditional: of another sample of people, not of another order of these. From the same estimates follows how many
more people it takes until the next one hardly names anything new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln

from annotations.analysis.statistics.estimate_types import LEVEL, PeopleNeeded, wilson_end

RESAMPLES = 1_000
_NEVER = 1e-15
Counts = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """A measure of so many people, and where LEVEL of what may come lies; each int64 or float64[places]."""

    people: Counts
    mean: Values
    low: Values
    high: Values

    def points(self) -> Iterator[tuple[int, float, float, float]]:
        """Yield people, mean, low and high of each place."""
        return zip(*(each.tolist() for each in (self.people, self.mean, self.low, self.high)), strict=True)


def rarefied(holders: Counts, n: int, places: Counts, rng: np.random.Generator) -> Curve:
    """Return the expected number of concepts that `places` people name.

    holders: how many of the n people named each concept, int64[concepts]; places: from 1. The interval is normal, with
    the standard deviation over RESAMPLES of `resampled` as its standard error.
    """
    histogram = by_holders(holders, n)
    named = concepts_named(np.vstack([histogram, resampled(histogram, RESAMPLES, rng)]), places)
    mean, error = named[0], named[1:].std(axis=0, ddof=1)
    half = stats.norm.ppf((1 + LEVEL) / 2) * error
    return Curve(places, mean, np.maximum(mean - half, 0.0), mean + half)


def by_holders(holders: Counts, n: int) -> Counts:
    """Return how many concepts 0, 1, ... n people named: int64[n + 1]. None is counted that nobody named."""
    return np.bincount(holders[holders > 0], minlength=n + 1)


def concepts_named(histogram: Counts, places: Counts) -> Values:
    """Return how many concepts `places` people name, exact up to n, by Chao2 beyond: float64[..., places].

    histogram: int64[..., n + 1], how many concepts 0, 1, ... n people named; the first is not looked at.
    """
    n = histogram.shape[-1] - 1
    named = histogram.astype(np.float64)
    named[..., 0] = 0.0
    within, beyond = np.minimum(places, n), np.maximum(places - n, 0)
    unseen, stays = unseen_concepts(histogram), still_unseen(histogram)
    further = unseen[..., None] * (1 - stays[..., None] ** beyond)
    found: Values = named @ (1 - missed_by(n, np.arange(n + 1), within)) + further
    return found


def unseen_concepts(histogram: Counts) -> Values:
    """Return Chao2's estimate of how many concepts nobody has named yet: float64[...]."""
    n = histogram.shape[-1] - 1
    once, twice = (_at(histogram, i) for i in (1, 2))
    found: Values = (n - 1) / n * np.where(twice > 0, once**2 / (2 * np.maximum(twice, 1)), once * (once - 1) / 2)
    return found


def still_unseen(histogram: Counts) -> Values:
    """Return the share of the unseen concepts that one more person leaves unseen: float64[...]."""
    n = histogram.shape[-1] - 1
    once, unseen = _at(histogram, 1), unseen_concepts(histogram)
    return np.where(once > 0, n * unseen / np.maximum(n * unseen + once, 1e-12), 1.0)


def resampled(histogram: Counts, resamples: int, rng: np.random.Generator) -> Counts:
    """Return histograms of n other people, from the estimated chances of all concepts: int64[resamples, n + 1].

    The chance of a concept that was named is shrunk, so that those nobody has named yet share what is left, each
    equally (Chao et al. 2014, appendix G). Concepts named by equally many people have one chance: drawn at once.
    """
    n = len(histogram) - 1
    held = np.flatnonzero(histogram[1:]) + 1
    share = held / n
    unseen = float(unseen_concepts(histogram))
    rest = float(_at(histogram, 1) / n * still_unseen(histogram))  # the unseen ones' chances, added up
    tail = share * (1 - share) ** n
    weight = rest / (histogram[held] @ tail) if unseen > 0 else 0.0
    chances = share * (1 - weight * (1 - share) ** n)
    numbers = histogram[held]
    if unseen > 0:
        numbers, chances = np.append(numbers, ceil(unseen)), np.append(chances, rest / ceil(unseen))
    drawn = np.zeros((resamples, n + 1), np.int64)
    for number, chance in zip(numbers, chances, strict=True):
        of_number = stats.binom.pmf(np.arange(n + 1), n, chance)
        some = of_number > _NEVER
        drawn[:, some] += rng.multinomial(number, of_number[some] / of_number[some].sum(), resamples)
    return drawn


def missed_by(n: int, m: Counts, places: Counts) -> Values:
    """Return C(n - m, k) / C(n, k): the chance that k of n people are none of m certain ones: float64[m, places]."""
    rest = n - m[:, None] - places
    logs = gammaln(n - m + 1)[:, None] - gammaln(rest.clip(0) + 1) - gammaln(n + 1) + gammaln(n - places + 1)
    return np.where(rest < 0, 0.0, np.exp(logs))


def _at(histogram: Counts, i: int) -> Values:
    """How many concepts i people named, 0 where there are fewer people."""
    n = histogram.shape[-1] - 1
    return histogram[..., i].astype(np.float64) if i <= n else np.zeros(histogram.shape[:-1])


def people_needed(holders: Counts, n: int, chance: float, below: float, rng: np.random.Generator) -> PeopleNeeded:
    """Return how many more people it takes until they are enough: Wilson's interval of the chance ends below `below`.

    holders: how many of the n people named each concept; chance: that the next person names a new one, by Good and
    Turing. Each further person leaves a share of the unseen concepts unseen (`still_unseen`), and the chance goes down
    with these. The interval has LEVEL of the answers for other people, as `resampled` draws them: their chance goes
    with how many concepts one person alone named.
    """
    histogram = by_holders(holders, n)
    once = int(histogram[1])
    drawn = resampled(histogram, RESAMPLES, rng)
    chances = np.minimum(drawn[:, 1] * (chance / once if once else 1 / n), 1.0)
    more = further_people(np.array([chance]), still_unseen(histogram)[None], n, below)[0]
    of_others = further_people(chances, still_unseen(drawn), n, below)
    ends = np.quantile(of_others, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="inverted_cdf")
    found = [None if value > n else int(value) for value in (more, *ends)]
    return PeopleNeeded(found[0], found[1], found[2], n)


def further_people(chance: Values, stays: Values, n: int, below: float) -> Counts:
    """Return the fewest m of 0 to n with the upper end of chance · stays^m of n + m people below `below`, else n + 1.

    >>> further_people(np.array([0.4, 0.1, 0.4, 0.4]), np.array([0.5, 0.5, 0.0, 1.0]), 20, 0.2).tolist()
    [4, 2, 1, 21]
    """
    too_few, enough = np.full(chance.shape, -1), np.full(chance.shape, n + 1)
    while (enough - too_few > 1).any():
        m = np.maximum((too_few + enough) // 2, 0)
        is_enough = wilson_end(chance * stays**m, n + m, 1) < below
        too_few, enough = np.where(is_enough, too_few, m), np.where(is_enough, m, enough)
    return enough
