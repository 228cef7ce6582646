"""Groups: label × attribute, the ground truth on which robustness is measured. Never mixed with slices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_one_length, checked_ids


def group_ids(
    labels: NDArray[np.integer], attributes: NDArray[np.integer] | None, n_attributes: int
) -> NDArray[np.int64]:
    """The group of each image: label × n_attributes + attribute, int64[n]; the label where there are no attributes.

    labels: int[n] ≥ 0; attributes: int[n] in [0, n_attributes) or None. Raises BadArray.
    """
    labels = checked_ids(labels, "label")
    if attributes is None:
        return labels
    check_one_length(labels=labels, attributes=attributes)
    return labels * n_attributes + checked_ids(attributes, "attribute", below=n_attributes)


def group_names(class_names: Sequence[str], attribute_names: Sequence[str]) -> list[str]:
    """The name of each group in the order of `group_ids`: "class, attribute", or the class without attributes.

    >>> group_names(["dog", "horse"], ["photograph", "cartoon"])
    ['dog, photograph', 'dog, cartoon', 'horse, photograph', 'horse, cartoon']
    """
    if not attribute_names:
        return list(class_names)
    return [f"{name}, {attribute}" for name in class_names for attribute in attribute_names]


def group_counts(groups: NDArray[np.integer], n_groups: int) -> NDArray[np.int64]:
    """Images in each group, int64[n_groups]; 0 for a group without members. Raises BadArray for an id out of range."""
    return np.bincount(checked_ids(groups, "group", below=n_groups), minlength=n_groups)
