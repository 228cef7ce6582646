"""How many more people until the next one hardly names anything new."""

import numpy as np
import pytest

from annotations.analysis.statistics.rarefaction import by_holders, concepts_named, further_people, people_needed
from annotations.analysis.statistics.saturation import novelty


def test_each_further_person_leaves_a_share_unseen() -> None:
    # Ten people: Chao2 has .9 · 4 / 2 = 1.8 unseen of two named once and one named twice; 18 / 20 of them stay unseen.
    holders = np.array([1, 1, 2, 9])
    found = people_needed(holders, 10, 0.2, 0.15, np.random.default_rng(0))
    assert (found.more, found.most) == (3, 10)  # .2 · .9² = .162, .2 · .9³ = .146
    assert found.low is not None and found.low <= 3
    assert found.high is None or found.high >= 3


def test_the_chance_goes_down_as_new_concepts_do() -> None:
    histogram = by_holders(np.array([1, 1, 1, 2, 2, 5]), 8)
    curve = concepts_named(histogram, np.arange(8, 14))
    new = np.diff(curve)
    needed = [further_people(np.array([new[0]]), new[1:2] / new[0], below)[0] for below in new[1:] * 1.0001]
    assert needed == [1, 2, 3, 4]


def test_enough_people_need_no_more() -> None:
    found = people_needed(np.array([10, 9, 8]), 10, 0.0, 0.1, np.random.default_rng(0))
    assert (found.more, found.low, found.high) == (0, 0, 0)


def test_beyond_twice_the_people_nothing_is_said() -> None:
    found = people_needed(np.array([1] * 12), 6, 1.0, 0.01, np.random.default_rng(0))
    assert found.more is None and found.high is None


@pytest.mark.parametrize(("ideas", "below"), [(12, 0.1), (30, 0.25)])
def test_the_interval_holds_the_number_that_it_takes(ideas: int, below: float) -> None:
    """Of crowds of 20 who name each idea with a chance of its own: the number at which the true chance is lower."""
    rng = np.random.default_rng(5)
    chances = 0.5 / np.arange(1, ideas + 1)
    after = np.arange(20, 60)[:, None]
    new = 1 - np.prod(1 - chances * (1 - chances) ** after, axis=1)  # that the next person names a new one, on average
    true = int((new >= below).sum())
    assert 0 < true < 20
    hits = 0
    for _ in range(60):
        named = rng.random((20, ideas)) < chances
        chance = novelty([frozenset(np.flatnonzero(row).tolist()) for row in named]).chance or 0.0
        found = people_needed(named.sum(axis=0), 20, chance, below, np.random.default_rng(0))
        hits += (found.low or 0) <= true and (found.high is None or found.high >= true)
    assert hits / 60 >= 0.9
