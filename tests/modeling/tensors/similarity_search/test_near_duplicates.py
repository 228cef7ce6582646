import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind
from clarify_errors.tensors.similarity_search.near_duplicates import near_duplicates, similarities_to_nearest
from tests.modeling.tensors.similarity_search.indexes import every_similarity, in_memory, unit


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), threshold=st.sampled_from([-1.0, 0.0, 0.5, 0.999]))
def test_pairs_are_those_of_brute_force(seed: int, threshold: float) -> None:
    rows = unit(60, 6, seed)
    rows[30:35] = rows[:5]  # copies
    looked_for, is_other = np.arange(0, 40, 2), np.arange(60) >= 30
    found = near_duplicates(in_memory(rows, IndexKind.FLAT), rows, looked_for, is_other, threshold)
    every = every_similarity(rows, rows)
    pairs = {(i, j) for i in looked_for.tolist() for j in range(30, 60) if every[i, j] > np.float32(threshold)}
    assert set(zip(found.images.tolist(), found.others.tolist(), strict=True)) == pairs
    np.testing.assert_array_equal(found.similarities, every[found.images, found.others])
    assert (np.diff(found.similarities) <= 0).all()


def test_a_copy_is_found_and_nothing_else() -> None:
    rows = unit(50, 32, 0)
    rows[40] = rows[3]
    found = near_duplicates(in_memory(rows, IndexKind.SQ8), rows, np.arange(20), np.arange(50) >= 20, 0.98)
    assert (found.images.tolist(), found.others.tolist()) == ([3], [40])


def test_of_no_images_there_are_no_pairs() -> None:
    rows = unit(5, 4, 0)
    index = in_memory(rows, IndexKind.FLAT)
    assert not len(near_duplicates(index, rows, np.empty(0, np.int64), np.ones(5, np.bool_), 0.5).images)


def test_a_threshold_out_of_range_is_refused() -> None:
    rows = unit(5, 4, 0)
    with pytest.raises(BadArray, match="threshold"):
        near_duplicates(in_memory(rows, IndexKind.FLAT), rows, np.arange(2), np.ones(5, np.bool_), 1.5)


@pytest.mark.parametrize("n_copies", [0, 3])
def test_the_similarity_to_the_nearest_other_image_is_that_of_brute_force(n_copies: int) -> None:
    rows = unit(40, 6, 2)
    rows[20 : 20 + n_copies] = rows[0]
    every = every_similarity(rows, rows)
    np.fill_diagonal(every, -np.inf)
    looked_at = np.arange(0, 40, 3)
    found = similarities_to_nearest(in_memory(rows, IndexKind.FLAT), rows, looked_at)
    np.testing.assert_array_equal(found, every.max(axis=1)[looked_at])


def test_an_image_alone_has_no_other() -> None:
    rows = unit(1, 6, 2)
    assert not len(similarities_to_nearest(in_memory(rows, IndexKind.FLAT), rows, np.arange(1)))
