"""How many more people until the next one hardly names anything new."""

from math import ceil

import numpy as np

from annotations.analysis.statistics.estimate_types import LEVEL, PeopleNeeded
from annotations.analysis.statistics.rarefaction import (
    RESAMPLES,
    Counts,
    Values,
    by_holders,
    resampled,
    still_unseen,
)


def people_needed(holders: Counts, n: int, chance: float, below: float, rng: np.random.Generator) -> PeopleNeeded:
    """Return how many more people it takes until the chance that the next one names a new concept is below `below`.

    holders: how many of the n people named each concept; chance: that the next person names a new one, by Good and
    Turing. Each further person leaves a share of the unseen concepts unseen (`still_unseen`), and the chance goes down
    with these. The interval has LEVEL of the answers for other people, as `resampled` draws them: their chance goes
    with how many concepts one person alone named.
    """
    histogram = by_holders(holders, n)
    once = int(histogram[1])
    drawn = resampled(histogram, RESAMPLES, rng)
    chances = np.minimum(drawn[:, 1] * (chance / once if once else 1 / n), 1.0)
    more = further_people(np.array([chance]), still_unseen(histogram)[None], below)[0]
    ends = np.quantile(
        further_people(chances, still_unseen(drawn), below), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="inverted_cdf"
    )
    found = [None if value > n else ceil(value) for value in (more, *ends)]
    return PeopleNeeded(found[0], found[1], found[2], n)


def further_people(chance: Values, stays: Values, below: float) -> Values:
    """Return the fewest m with chance · stays^m < below, each a whole number; infinity where none is enough.

    >>> further_people(np.array([0.4, 0.1, 0.4]), np.array([0.5, 0.5, 0.0]), 0.1).tolist()
    [3.0, 1.0, 1.0]
    """
    with np.errstate(divide="ignore"):
        steps = np.log(below / np.maximum(chance, 1e-300)) / np.log(stays)
    found: Values = np.where(chance < below, 0.0, np.floor(steps + 1e-12) + 1)
    return found
