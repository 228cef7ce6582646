import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.datasets.groups import group_counts, group_ids, group_names


def test_a_group_is_label_times_attribute() -> None:
    groups = group_ids(np.array([0, 0, 1, 1], dtype=np.int32), np.array([0, 1, 0, 1], dtype=np.int32), 2)
    np.testing.assert_array_equal(groups, [0, 1, 2, 3])
    assert groups.dtype == np.int64


def test_without_attributes_the_label_is_the_group() -> None:
    np.testing.assert_array_equal(group_ids(np.array([2, 0]), None, 0), [2, 0])


def test_names_follow_the_order_of_ids() -> None:
    names = group_names(["landbird", "waterbird"], ["land", "water"])
    labels, attributes = np.array([0, 1, 1]), np.array([1, 0, 1])
    assert [names[g] for g in group_ids(labels, attributes, 2)] == [
        "landbird, water",
        "waterbird, land",
        "waterbird, water",
    ]
    assert group_names(["landbird", "waterbird"], []) == ["landbird", "waterbird"]


def test_an_attribute_out_of_range_is_refused() -> None:
    with pytest.raises(BadArray, match=r"attributes must be in \[0, 2\), but attribute 2 of image 1 is not"):
        group_ids(np.array([0, 1]), np.array([0, 2]), 2)
    for attributes in (None, np.array([0, 1])):
        with pytest.raises(BadArray, match="label -1 of image 1"):
            group_ids(np.array([0, -1]), attributes, 2)
        with pytest.raises(BadArray, match="labels must be a vector of integers, not float64"):
            group_ids(np.array([0, 1.0]), attributes, 2)
    with pytest.raises(BadArray, match="attributes must be a vector of integers, not float64"):
        group_ids(np.array([0, 1]), np.array([0, np.nan]), 2)
    with pytest.raises(BadArray, match="same length"):
        group_ids(np.array([0, 1]), np.array([0]), 2)


def test_counts_include_groups_without_members() -> None:
    np.testing.assert_array_equal(group_counts(np.array([0, 3, 3]), 5), [1, 0, 0, 2, 0])
    with pytest.raises(BadArray, match=r"groups must be in \[0, 3\), but group 3 of image 1 is not"):
        group_counts(np.array([0, 3, 3]), 3)
