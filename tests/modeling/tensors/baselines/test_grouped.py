import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.baselines.grouped import (
    GroupedFeatures,
    check_pair,
    rows_of_size,
    subsampled_rows,
    upsampled_rows,
)

GROUPS = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(np.array)


@given(GROUPS, st.integers(0, 9))
def test_subsampling_cuts_every_group_down_to_the_smallest(groups: np.ndarray, seed: int) -> None:
    rows = subsampled_rows(groups, np.random.default_rng(seed))
    sizes = np.bincount(groups)
    assert len(set(rows.tolist())) == len(rows)
    np.testing.assert_array_equal(
        np.bincount(groups[rows], minlength=len(sizes)), np.where(sizes, sizes[sizes > 0].min(), 0)
    )


@given(GROUPS, st.integers(0, 9))
def test_upsampling_keeps_every_image_and_fills_up_to_the_largest_group(groups: np.ndarray, seed: int) -> None:
    rows = upsampled_rows(groups, np.random.default_rng(seed))
    sizes = np.bincount(groups)
    assert set(rows.tolist()) == set(range(len(groups)))
    np.testing.assert_array_equal(np.bincount(groups[rows], minlength=len(sizes)), np.where(sizes, sizes.max(), 0))


def test_cells_of_one_size_repeat_images_only_where_they_are_too_few() -> None:
    groups = np.array([0] * 3 + [2] * 10)
    rows = rows_of_size(groups, 5, np.random.default_rng(0))
    assert np.bincount(groups[rows]).tolist() == [5, 0, 5]
    assert len(set(rows[5:].tolist())) == 5


def test_worst_group_accuracy_is_over_groups_that_have_members() -> None:
    data = GroupedFeatures(np.zeros((4, 1)), np.array([0, 0, 1, 1]), np.array([0, 0, 3, 3]))
    assert data.worst_group_accuracy(np.array([0, 1, 1, 1])) == 0.5
    assert data.worst_group_accuracy(np.array([0, 0, 1, 1])) == 1


def test_what_does_not_fit_is_refused() -> None:
    x, zeros = np.zeros((3, 2)), np.zeros(3, dtype=int)
    with pytest.raises(BadArray, match=r"must have shapes \(n, d\), \(n,\) and \(n,\)"):
        GroupedFeatures(x, zeros[:2], zeros)
    with pytest.raises(BadArray, match="with n ≥ 1"):
        GroupedFeatures(x[:0], zeros[:0], zeros[:0])
    with pytest.raises(BadArray, match="row 1 of features is not finite"):
        GroupedFeatures(np.array([[0, 0], [0, np.nan], [0, 0]]), zeros, zeros)
    with pytest.raises(BadArray, match="d ≥ 1"):
        GroupedFeatures(x[:, :0], zeros, zeros)
    with pytest.raises(BadArray, match="features must be floats, not int64"):
        GroupedFeatures(x.astype(int), zeros, zeros)
    with pytest.raises(BadArray, match="label -1 of image 0"):
        GroupedFeatures(x, zeros - 1, zeros)
    with pytest.raises(BadArray, match="group -1 of image 2"):
        GroupedFeatures(x, zeros, np.array([0, 0, -1]))
    with pytest.raises(BadArray, match="label 1000000000000 of image 1 is not"):  # of each class there are numbers
        GroupedFeatures(x, np.array([0, 10**12, 0]), zeros)
    with pytest.raises(BadArray, match="group 1000000000000 of image 2 is not"):
        GroupedFeatures(x, zeros, np.array([0, 0, 10**12]))
    with pytest.raises(BadArray, match="labels must be a vector of integers, not float64"):
        GroupedFeatures(x, np.array([0, 1.5, np.nan]), zeros)
    with pytest.raises(BadArray, match="groups must be a vector of integers, not float64"):
        GroupedFeatures(x, zeros, np.array([0, 0.5, 0]))
    with pytest.raises(BadArray, match="predictions must be a vector of integers, not float64"):
        GroupedFeatures(x, zeros, zeros).worst_group_accuracy(np.full(3, np.nan))
    with pytest.raises(BadArray, match=r"predictions \[2\] and labels \[3\]"):
        GroupedFeatures(x, zeros, zeros).worst_group_accuracy(np.zeros(2, int))


def test_splits_that_do_not_belong_together_are_refused() -> None:
    zeros, labels = np.zeros(3, dtype=int), np.array([0, 1, 0])
    train = GroupedFeatures(np.zeros((3, 2)), labels, zeros)
    check_pair(train, GroupedFeatures(np.zeros((3, 2)), zeros, zeros))
    with pytest.raises(BadArray, match="training has 2 features, validation 4"):
        check_pair(train, GroupedFeatures(np.zeros((3, 4)), labels, zeros))
    with pytest.raises(BadArray, match="validation has a class 2 that training lacks"):
        check_pair(train, GroupedFeatures(np.zeros((3, 2)), labels + 1, zeros))
    with pytest.raises(BadArray, match=r"all labels are of one class \(0\)"):
        check_pair(GroupedFeatures(np.zeros((3, 2)), zeros, zeros), train)
