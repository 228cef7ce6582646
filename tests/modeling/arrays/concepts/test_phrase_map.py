"""Phrases in a plane."""

import numpy as np
import pytest

from clarify_errors.arrays.concepts.phrase_map import phrase_map


def test_the_map_is_the_same_for_the_same_phrases_and_keeps_distances_in_a_plane():
    rng = np.random.default_rng(6)
    plane = rng.normal(size=(9, 2)) @ rng.normal(size=(2, 5))
    places = phrase_map(plane)
    between = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert np.allclose(between, np.linalg.norm(plane[:, None] - plane[None], axis=2))
    assert np.array_equal(places, phrase_map(plane.copy()))


@pytest.mark.parametrize("k", [0, 1])
def test_a_map_of_hardly_any_phrases_is_at_the_origin(k):
    assert phrase_map(np.ones((k, 4))).tolist() == [[0.0, 0.0]] * k
