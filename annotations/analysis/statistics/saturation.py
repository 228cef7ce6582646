"""Have enough people been asked? Rarefaction over random orders of people, and the chance of something new."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import LEVEL, Novelty
from annotations.analysis.statistics.estimates import wilson_interval

MAX_PLACES = 60  # of a curve; more people than that are shown at some numbers
MAX_ORDERS, MIN_ORDERS = 2_000, 100
_WORK = 5_000_000  # mentions looked at over all orders


@dataclass(frozen=True)
class Curve:
    """A measure of the first k people in random order: its mean, and where LEVEL of the orders lie; one k an entry."""

    people: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def rarefaction(named: Sequence[frozenset[Hashable]], rng: np.random.Generator) -> Curve:
    """Return how many distinct concepts the first k people name. named: for each person what it named.

    The mean is exact (a concept that m of n people named is missed by k of them in C(n-m, k) of C(n, k) cases);
    the interval is that of random orders, of all orders where there are few people.
    """
    n = len(named)
    if n == 0:
        return Curve((), (), (), ())
    places = _places(n)
    holders = Counter(concept for concepts in named for concept in concepts)
    by_holders = Counter(holders.values())  # concepts by how many people named them
    held, numbers = np.array(list(by_holders), np.int64), np.array(list(by_holders.values()), np.float64)
    mean = numbers @ (1 - _all_within(n, n - held, places)) if len(held) else np.zeros(len(places))
    low, high = _order_interval(named, list(holders), places, rng)
    return Curve(tuple(places.tolist()), *(tuple(map(float, each)) for each in (mean, low, high)))


def best_of(scores: Sequence[float]) -> Curve:
    """Return the best score of the first k people. scores: each person's own best. Exact: no order is drawn.

    With m people at or below x, k of them all are in C(m, k) of C(n, k) cases.
    """
    n = len(scores)
    if n == 0:
        return Curve((), (), (), ())
    places, ordered = _places(n), np.sort(np.asarray(scores, dtype=np.float64))
    below = _all_within(n, np.arange(1, n + 1), places)  # P(the best is at most the m-th): [n, places]
    mean = ordered @ np.diff(below, axis=0, prepend=0.0)
    low = ordered[(below >= (1 - LEVEL) / 2 - 1e-12).argmax(axis=0)]
    high = ordered[(below >= (1 + LEVEL) / 2 - 1e-12).argmax(axis=0)]
    return Curve(tuple(places.tolist()), *(tuple(map(float, each)) for each in (mean, low, high)))


def novelty(named: Sequence[frozenset[Hashable]]) -> Novelty:
    """Return the Good-Turing chance that the next person names a new concept, from those who named something.

    Each person in turn is taken for the next one: the chance is the share of people who named something that nobody
    else did. Its interval is Wilson's, as if people were independent of each other in this.

    >>> novelty([frozenset("ab"), frozenset("a"), frozenset("a")]).chance
    0.3333333333333333
    """
    people = [concepts for concepts in named if concepts]
    holders = Counter(concept for concepts in people for concept in concepts)
    bring_new = sum(any(holders[concept] == 1 for concept in concepts) for concepts in people)
    interval = wilson_interval(bring_new, len(people))
    return Novelty(
        people=len(people),
        concepts=len(holders),
        named_once=sum(number == 1 for number in holders.values()),
        chance=bring_new / len(people) if people else None,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
    )


def _places(n: int) -> NDArray[np.int64]:
    """Numbers of people from 1 to n, at most MAX_PLACES of them."""
    return np.unique(np.linspace(1, n, min(n, MAX_PLACES)).round().astype(np.int64))


def _all_within(n: int, m: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """C(m, k) / C(n, k) for each m and k: the chance that k of n people are all among m certain ones: float64[m, k]."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    rest = m[:, None] - places
    logs = log_factorial[m][:, None] - log_factorial[rest.clip(0)] - log_factorial[n] + log_factorial[n - places]
    return np.where(rest < 0, 0.0, np.exp(logs))


def _order_interval(
    named: Sequence[frozenset[Hashable]],
    concepts: Sequence[Hashable],
    places: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Quantiles over random orders of how many concepts the first k people named."""
    number = {concept: i for i, concept in enumerate(concepts)}
    who = np.array([person for person, each in enumerate(named) for _ in each], dtype=np.int64)
    what = np.array([number[concept] for each in named for concept in each], dtype=np.int64)
    counts = []
    for turn in _orders(len(named), len(who), rng):
        first = np.full(len(concepts), len(named) + 1, dtype=np.int64)
        np.minimum.at(first, what, turn[who])
        counts.append(np.searchsorted(np.sort(first), places, "right"))
    low, high = np.quantile(counts, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def _orders(n: int, mentions: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """When each of n people's turn is, from 1: in every order where there are few, else in random ones."""
    if factorial(n) <= MAX_ORDERS:
        yield from (np.array(order) for order in permutations(range(1, n + 1)))
        return
    for _ in range(int(np.clip(_WORK // max(mentions, 1), MIN_ORDERS, MAX_ORDERS))):
        yield rng.permutation(n) + 1
