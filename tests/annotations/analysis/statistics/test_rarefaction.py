"""Rarefaction and extrapolation: the figures of the published program on its published data, and by brute force.

The data are ants on forest plots in Costa Rica (Longino and Colwell 2011), one of the examples of Colwell et al. (2012)
and of the R package iNEXT. Its source computed the figures here, with 20,000 and 2,000 resamples.
"""

from itertools import combinations

import numpy as np
import pytest

from annotations.analysis.statistics.rarefaction import (
    by_holders,
    concepts_named,
    rarefied,
    resampled,
    still_unseen,
    unseen_concepts,
)

PLOTS = 200
AT_2000_M = np.array([80, 59, 34, 23, 19, 15, 13, 8, 8, 4, 3, 2, 2, 1])
AT_1500_M = np.array(
    [144, 113, 79, 76, 74, 73, 53, 50, 43, 33, 32, 30, 29, 25, 25, 25, 24, 23, 23, 19, 18, 17, 17, 11, 11]
    + [9] * 4 + [6] * 2 + [5] * 4 + [4] * 2 + [3] * 2 + [2] * 4 + [1] * 13
)  # fmt: skip
PLACES = np.array([1, 10, 50, 100, 150, 200, 250, 300, 400])
SPECIES_AT_2000_M = [1.355, 6.4800851, 11.1672981, 12.8119234, 13.6083815, 14, 14.1567866, 14.2147509, 14.2441030]
SPECIES_AT_1500_M = [5.85, 24.459473, 40.875534, 47.982643, 52.463065, 56, 59.006911, 61.583671, 65.684073]
HALF_AT_2000_M = [0.1418572, 0.5416766, 1.0435219, 1.3770564, 1.5963869, 1.8026879, 2.0700329, 2.3439543, 2.8332530]
HALF_AT_1500_M = [0.2733977, 0.9847740, 2.3107292, 3.5984590, 4.7030033, 5.7273150, 6.7641202, 7.8606213, 10.2037914]


@pytest.mark.parametrize(
    ("holders", "species", "half"),
    [(AT_2000_M, SPECIES_AT_2000_M, HALF_AT_2000_M), (AT_1500_M, SPECIES_AT_1500_M, HALF_AT_1500_M)],
)
def test_curve_and_intervals_are_those_of_the_published_program(
    holders: np.ndarray, species: list[float], half: list[float]
) -> None:
    found = rarefied(holders, PLOTS, PLACES, np.random.default_rng(0))
    assert found.mean == pytest.approx(species, abs=1e-6)
    assert found.high - found.mean == pytest.approx(half, rel=0.09)  # three standard errors of theirs and ours
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


@pytest.mark.parametrize(("holders", "in_all"), [(AT_2000_M, 14.249), (AT_1500_M, 77.019)])
def test_the_estimate_of_all_is_that_of_the_published_program(holders: np.ndarray, in_all: float) -> None:
    assert len(holders) + unseen_concepts(by_holders(holders, PLOTS)) == pytest.approx(in_all, abs=5e-4)


def test_fewer_people_name_the_mean_over_every_choice_of_them() -> None:
    named = [{"a", "b"}, {"a"}, {"a", "c"}, {"c"}, set()]
    holders = np.array([sum(concept in each for each in named) for concept in "abc"])
    places = np.arange(1, 6)
    by_choice = [np.mean([len(set().union(*some)) for some in combinations(named, k)]) for k in range(1, 6)]
    assert concepts_named(by_holders(holders, 5), places) == pytest.approx(by_choice)


def test_more_people_approach_all_that_there_are() -> None:
    histogram = by_holders(np.array([1, 1, 1, 2, 4]), 5)
    # Chao2: 4/5 · 3² / (2 · 1) = 3.6 unseen; one more person leaves 18 / 21 of these unseen.
    assert unseen_concepts(histogram) == pytest.approx(3.6)
    assert still_unseen(histogram) == pytest.approx(18 / 21)
    found = concepts_named(histogram, np.array([6, 7, 10_000]))
    assert found == pytest.approx([5 + 3.6 * 3 / 21, 5 + 3.6 * (1 - (18 / 21) ** 2), 8.6])


def test_where_nobody_is_alone_with_anything_more_people_bring_nothing() -> None:
    histogram = by_holders(np.array([2, 3]), 3)
    assert concepts_named(histogram, np.array([3, 30])).tolist() == [2.0, 2.0]


def test_resamples_hold_as_many_mentions_as_the_people_made() -> None:
    """The chances add up to the mentions of a person, so that other people name as much on average."""
    drawn = resampled(by_holders(AT_1500_M, PLOTS), 2_000, np.random.default_rng(0))
    mentions = drawn @ np.arange(PLOTS + 1)
    assert mentions.mean() == pytest.approx(AT_1500_M.sum(), abs=3 * mentions.std() / np.sqrt(2_000))


def test_the_interval_covers_other_people_too() -> None:
    """Of 200 crowds of 20: the interval at 10 people holds what 10 name on average about as often as it says."""
    rng = np.random.default_rng(3)
    chances = np.array([0.6, 0.5, 0.3, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05])
    true = (1 - (1 - chances) ** 10).sum()
    hits = 0
    for _ in range(200):
        found = rarefied(rng.binomial(20, chances), 20, np.array([10]), np.random.default_rng(0))
        hits += found.low[0] <= true <= found.high[0]
    assert 0.88 <= hits / 200 <= 0.995


def test_one_person_alone_has_a_curve_without_width() -> None:
    found = rarefied(np.array([1, 1]), 1, np.array([1, 2]), np.random.default_rng(0))
    assert found.mean.tolist() == found.low.tolist() == found.high.tolist() == [2.0, 2.0]
