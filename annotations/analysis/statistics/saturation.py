"""Have enough people been asked? The best score of the first k people, and the chance of something new."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from annotations.analysis.statistics.estimate_types import LEVEL, Novelty, wilson_interval
from annotations.analysis.statistics.rarefaction import Counts, Curve, missed_by

MAX_PLACES = 60  # of a curve; more people than that are shown at some numbers


def best_of(scores: Sequence[float]) -> Curve:
    """Return the best score of the first k people. scores: each person's own best. Exact: no order is drawn.

    With m people at or below x, k of them all are in C(m, k) of C(n, k) cases.
    """
    n = len(scores)
    if n == 0:
        return Curve(places(0), *[np.empty(0)] * 3)
    shown, ordered = places(n), np.sort(np.asarray(scores, dtype=np.float64))
    below = missed_by(n, np.arange(n)[::-1], shown)  # P(the best is at most the m-th): [n, places]
    mean = ordered @ np.diff(below, axis=0, prepend=0.0)
    low = ordered[(below >= (1 - LEVEL) / 2 - 1e-12).argmax(axis=0)]
    high = ordered[(below >= (1 + LEVEL) / 2 - 1e-12).argmax(axis=0)]
    return Curve(shown, mean, low, high)


def novelty(named: Sequence[frozenset[Hashable]]) -> Novelty:
    """Return the Good-Turing chance that the next person names a new concept, from what each person named, or nothing.

    Each person in turn is taken for the next one: the chance is the share of people who named something that nobody
    else did. Its interval is Wilson's, as if people were independent of each other in this.

    >>> novelty([frozenset("ab"), frozenset("a"), frozenset("a"), frozenset()]).chance
    0.25
    """
    holders = Counter(concept for concepts in named for concept in concepts)
    bring_new = sum(any(holders[concept] == 1 for concept in concepts) for concepts in named)
    interval = wilson_interval(bring_new, len(named))
    return Novelty(
        people=len(named),
        concepts=len(holders),
        named_once=sum(number == 1 for number in holders.values()),
        chance=bring_new / len(named) if named else None,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
    )


def places(n: int) -> Counts:
    """Return numbers of people from 1 to n, at most MAX_PLACES of them."""
    return np.unique(np.linspace(1, n, min(n, MAX_PLACES)).round().astype(np.int64))
