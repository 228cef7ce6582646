"""How many more people until there are enough."""

import numpy as np
import pytest

from annotations.analysis.statistics.rarefaction import by_holders, concepts_named, people_needed, still_unseen
from annotations.analysis.tables.measure_columns import Counted, TaskNovelty
from annotations.analysis.tables.saturation_tables import novelty
from tests.annotations.analysis.statistics.crowds import Crowd


def test_each_further_person_leaves_a_share_unseen() -> None:
    # Ten people: Chao2 has .9 · 4 / 2 = 1.8 unseen of two named once and one named twice; 18 / 20 of them stay unseen.
    holders = np.array([1, 1, 2, 9])
    found = people_needed(holders, 10, 0.2, 0.4, np.random.default_rng(0))
    # The intervals of .2 · .9³ = .146 of 13 people and of .2 · .9⁴ = .131 of 14 end at .403 and .381.
    assert (found.more, found.most) == (4, 10)
    assert found.low is not None and found.low <= 4
    assert found.high is None or found.high >= 4


def test_the_chance_goes_down_as_new_concepts_do() -> None:
    histogram = by_holders(np.array([1, 1, 1, 2, 2, 5]), 8)
    new = np.diff(concepts_named(histogram, np.arange(8, 14)))
    np.testing.assert_allclose(new[1:] / new[:-1], still_unseen(histogram))


def test_enough_people_need_no_more() -> None:
    found = people_needed(np.array([40, 30, 20]), 40, 0.0, 0.1, np.random.default_rng(0))
    assert (found.more, found.low, found.high) == (0, 0, 0)


@pytest.mark.parametrize("n", [5, 12, 34, 35, 60])
@pytest.mark.parametrize("below", [0.1, 0.2, 0.35])
def test_no_more_people_are_needed_where_there_are_enough_and_only_there(n: int, below: float) -> None:
    """Until 0.17 a study of 20 people with nothing new was not enough, and needed none."""
    for alone in range(n + 1):
        people = [frozenset([f"only {i}"]) if i < alone else frozenset("a") for i in range(n)]
        of = novelty(people)
        held = np.array([1] * alone + ([n - alone] if n > alone else []))
        assert of.chance is not None
        needed = people_needed(held, n, of.chance, below, np.random.default_rng(0))
        row = TaskNovelty(1, of, below, Counted.ALL, needed)
        assert row.is_enough == (needed.more == 0)


def test_beyond_twice_the_people_nothing_is_said() -> None:
    found = people_needed(np.array([1] * 12), 6, 1.0, 0.01, np.random.default_rng(0))
    assert found.more is None and found.high is None


@pytest.mark.parametrize("crowd", [Crowd(20, 12, 0.25), Crowd(40, 30, 0.3)])
def test_the_interval_holds_the_number_that_it_takes_and_enough_is_seldom_said_wrongly(crowd: Crowd) -> None:
    """Rates of error that `make bench` measures with more crowds: at most 5% and 2%."""
    assert 0 < crowd.true < crowd.n
    rates = crowd.rates(60)
    assert rates.held >= 0.9
    assert rates.wrongly <= 0.05
