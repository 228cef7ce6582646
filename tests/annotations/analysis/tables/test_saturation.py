"""The best score of the first k people, and the chance of a new concept: by hand and by brute force."""

from itertools import permutations

import numpy as np
import pytest

from annotations.analysis.tables.saturation_tables import MAX_PLACES, best_of, novelty

ANN, BEN, CAL, DOT = frozenset("ab"), frozenset("a"), frozenset("ac"), frozenset("c")


def test_the_best_score_is_the_mean_over_every_order() -> None:
    scores = [0.1, 0.4, 0.4, 0.9]
    found = best_of(scores)
    orders = np.array([[max(order[:k]) for k in (1, 2, 3, 4)] for order in permutations(scores)])
    assert found.mean == pytest.approx(orders.mean(axis=0).tolist())
    low, high = np.quantile(orders, [0.025, 0.975], axis=0, method="inverted_cdf")
    assert (found.low.tolist(), found.high.tolist()) == (low.tolist(), high.tolist())


def test_the_curve_of_nobody_is_empty() -> None:
    assert list(best_of([]).points()) == []


def test_a_curve_of_many_people_has_some_places_from_the_first_to_the_last() -> None:
    found = best_of(np.random.default_rng(0).random(3_000).tolist())
    assert (found.people[0], found.people[-1], len(found.people)) == (1, 3_000, MAX_PLACES)
    assert found.low[-1] == found.mean[-1] == found.high[-1]


def test_the_chance_of_a_new_concept_is_the_share_of_people_who_brought_one() -> None:
    found = novelty([ANN, BEN, CAL, DOT])
    assert (found.people, found.concepts, found.named_once) == (4, 3, 1)  # b is Ann's alone
    assert found.chance == 0.25
    assert found.low is not None and found.high is not None and found.low < 0.25 < found.high


def test_the_first_person_brings_something_new_for_sure() -> None:
    assert novelty([ANN]).chance == 1.0


def test_without_people_there_is_no_chance() -> None:
    assert novelty([]).chance is None


def test_people_who_named_nothing_are_among_those_of_whom_the_next_one_is() -> None:
    found = novelty([frozenset("a"), frozenset(), frozenset()])
    assert found.people == 3 and found.chance == pytest.approx(1 / 3)


def test_the_chance_agrees_with_people_who_come_after() -> None:
    """On average over many crowds, the estimate from n people is how often person n + 1 brings something new."""
    rng = np.random.default_rng(7)
    weights = 1 / np.arange(1, 31)
    weights /= weights.sum()
    estimated, happened = [], []
    for _ in range(400):
        crowd = [frozenset(rng.choice(30, size=3, replace=False, p=weights).tolist()) for _ in range(21)]
        estimated.append(novelty(crowd[:20]).chance or 0.0)
        happened.append(bool(crowd[20] - frozenset.union(*crowd[:20])))
    assert np.mean(estimated) == pytest.approx(np.mean(happened), abs=0.06)
