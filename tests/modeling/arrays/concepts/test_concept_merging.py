"""Merging phrases into concepts."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import cohen_kappa_score

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.concepts.concept_merging import MAX_SHARE, agreement, centrality, merge, selects_nearly_all


def slices(*rows: str) -> np.ndarray:
    return np.array([[each == "1" for each in row] for row in rows])


def test_agreement_is_cohens_kappa():
    members = np.random.default_rng(0).random((6, 40)) < 0.4
    kappa = agreement(members)
    for i in range(6):
        for j in range(6):
            assert kappa[i, j] == pytest.approx(cohen_kappa_score(members[i], members[j]))


def test_a_slice_of_all_or_no_images_agrees_with_nothing_else():
    kappa = agreement(slices("1111", "0000", "1100"))
    assert kappa.tolist() == np.eye(3).tolist()


def test_phrases_that_select_the_same_images_are_one_concept():
    members = slices("11110000", "11110001", "00001111", "00001110")
    assert merge(members, ["red", "crimson", "blue", "navy"]).tolist() == [0, 0, 1, 1]


def test_phrases_with_the_same_words_are_one_concept_whatever_they_select():
    assert merge(slices("1100", "0011"), ["red", "red"]).tolist() == [0, 0]


def test_two_large_random_slices_are_not_one_concept():
    members = np.random.default_rng(1).random((2, 500)) < 0.9  # they overlap by .82 by chance
    assert merge(members, ["a", "b"]).tolist() == [0, 1]


def test_phrases_without_a_slice_are_told_apart_by_their_words():
    assert merge(slices("0000", "0000", "0000"), ["a", "b", "a"]).tolist() == [0, 1, 0]


def test_no_phrases_make_no_concepts():
    assert merge(np.empty((0, 9), np.bool_), []).tolist() == []


@given(st.integers(0, 10_000), st.integers(2, 14))
@settings(deadline=None, max_examples=60)
def test_merging_is_average_linkage(seed, k):
    rng = np.random.default_rng(seed)
    bases = rng.random((3, 600)) < 0.4
    members = bases[rng.integers(3, size=k)] ^ (rng.random((k, 600)) < rng.uniform(0, 0.2, (k, 1)))
    concepts = merge(members, [str(i) for i in range(k)])
    distances = 1 - agreement(members)
    np.fill_diagonal(distances, 0)
    pairs = squareform(distances, checks=False)
    assume(np.diff(np.sort(pairs)).min(initial=1) > 1e-9)  # of equal distances, the order decides
    expected = fcluster(linkage(pairs, "average"), 0.4, "distance")
    assert len(set(zip(concepts, expected, strict=True))) == len(set(concepts)) == len(set(expected))


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_phrases_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    members = rng.random((8, 50)) < 0.5
    members[4:] = members[:4] ^ (rng.random((4, 50)) < 0.1)
    words = ["a", "b", "c", "d", "a", "e", "f", "g"]
    order = rng.permutation(8)
    concepts, shuffled = merge(members, words), merge(members[order], [words[i] for i in order])
    assert len(set(zip(concepts[order], shuffled, strict=True))) == len(set(concepts)) == len(set(shuffled))


def test_members_must_be_booleans():
    with pytest.raises(BadArray, match="booleans"):
        agreement(np.ones((2, 3)))


def test_centrality_is_the_mean_agreement_within_the_concept():
    members, groups = np.random.default_rng(1).random((5, 60)) < 0.5, np.array([0, 1, 0, 1, 0])
    kappa = agreement(members)
    found = centrality(members, groups)
    assert found[0] == pytest.approx((1 + kappa[0, 2] + kappa[0, 4]) / 3)
    assert found[1] == found[3] == pytest.approx((1 + kappa[1, 3]) / 2)


def test_what_lies_between_two_others_is_the_most_central():
    members = slices("111111110000", "111111000000", "111100000000")
    assert centrality(members, np.zeros(3, np.int64)).argmax() == 1


def test_centrality_needs_a_group_for_each_phrase():
    with pytest.raises(BadArray, match="groups of 2 phrases"):
        centrality(slices("10", "01", "11"), np.zeros(2, np.int64))


def test_a_slice_of_nearly_all_images_tells_none_apart():
    n = 100
    members = np.arange(n) < np.array([[n], [round(MAX_SHARE * n) + 1], [round(MAX_SHARE * n)], [0]])
    assert selects_nearly_all(members).tolist() == [True, True, False, False]
