"""Clusters of wrong images that no concept selects: those that were planted, and none where errors are shuffled."""

import numpy as np
import pytest

from annotations.analysis.concepts.concept_columns import CHANCE, Measured
from annotations.analysis.concepts.error_clusters import find_clusters
from tests.annotations.analysis.concepts.shuffled_errors import D, images, share_called, unit


def test_two_planted_clusters_are_found() -> None:
    rng = np.random.default_rng(1)
    rows = images(rng, 25, 15)
    is_error = np.arange(len(rows)) >= 300
    found = find_clusters(rows, is_error)
    assert [set(each) for each in found.members] == [set(range(25)), set(range(25, 40))]
    assert found.apart.is_telling and found.apart.p_value == 0.01
    first = rows[300:][list(found.members[0])]
    distances = np.linalg.norm(first - first.mean(axis=0), axis=1)
    assert distances[0] == pytest.approx(distances.min(), rel=1e-4)  # the most central comes first


def test_planted_clusters_are_found_among_as_many_scattered_errors() -> None:
    rng = np.random.default_rng(2)
    rows = images(rng, 30, 30)
    is_error = (np.arange(len(rows)) >= 300) | (np.arange(len(rows)) < 30)
    members = find_clusters(rows, is_error).members
    for planted in (set(range(30, 60)), set(range(60, 90))):
        assert max(len(planted & set(each)) / len(planted | set(each)) for each in members) > 0.8


def test_one_planted_cluster_is_one() -> None:
    rows = images(np.random.default_rng(3), 20)
    found = find_clusters(rows, np.arange(len(rows)) >= 300)
    assert [sorted(each) for each in found.members] == [list(range(20))]
    assert not found.apart.is_telling and found.alike.is_telling


def test_shuffled_errors_have_no_structure_though_the_images_have() -> None:
    """Of 20 shuffles at most 4: each is called a structure with a probability of at most .05 (`make bench` has 400)."""
    assert share_called(20) <= 4 / 20


def test_a_p_value_is_at_most_its_level_as_seldom_as_it_says() -> None:
    """Of 4,000 numbers that are as any draw: at most 2.5% are telling, so both questions together err in 5%."""
    rng = np.random.default_rng(6)
    told = [Measured.beside(value, iter(draws)) for value, *draws in rng.random((4_000, 100))]
    share = np.mean([each.is_telling for each in told])
    assert 0.01 < share <= CHANCE + 3 * np.sqrt(CHANCE / 4_000)
    assert np.mean([each.p_value <= 0.5 for each in told]) == pytest.approx(0.5, abs=0.03)


def test_the_number_of_clusters_is_that_with_the_largest_silhouette_by_hand() -> None:
    rows = images(np.random.default_rng(7), 20, 20, 20)
    wrong = rows[300:]
    found = find_clusters(rows, np.arange(len(rows)) >= 300)
    labels = np.zeros(len(wrong), np.int64)
    for number, members in enumerate(found.members):
        labels[list(members)] = number
    distances = np.linalg.norm(wrong[:, None] - wrong[None], axis=2)
    by_hand = []
    for place, label in enumerate(labels):
        others = np.delete(np.arange(len(wrong)), place)
        to = [distances[place, others[labels[others] == each]].mean() for each in range(len(found.members))]
        away = min(mean for each, mean in enumerate(to) if each != label)
        by_hand.append((away - to[label]) / max(away, to[label]))
    assert found.apart.value == pytest.approx(np.mean(by_hand), abs=1e-5)
    assert len(found.members) == 3


def test_the_same_images_give_the_same_clusters() -> None:
    rows = images(np.random.default_rng(5), 15)
    is_error = np.arange(len(rows)) % 10 == 0
    found = find_clusters(rows, is_error)
    assert found == find_clusters(rows, is_error)
    assert found.apart.is_telling == (found.apart.p_value <= CHANCE)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_images_that_are_all_the_same_have_no_structure() -> None:
    same = unit(np.ones((50, D)))
    assert find_clusters(same, np.arange(50) < 20).members == ()
