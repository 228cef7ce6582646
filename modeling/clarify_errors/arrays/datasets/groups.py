"""Groups: label × attribute, the ground truth for measuring robustness. They are never mixed with slices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_one_length, checked_ids


def group_ids(
    labels: NDArray[np.integer], attributes: NDArray[np.integer] | None, n_attributes: int
) -> NDArray[np.int64]:
    """Number the group of each image.

    Parameters
    ----------
    labels : int ndarray of shape (n,)
        Classes ≥ 0.
    attributes : int ndarray of shape (n,), or None
        In [0, n_attributes).
    n_attributes : int

    Returns
    -------
    int64 ndarray of shape (n,)
        label × n_attributes + attribute; the label if there are no attributes.

    Raises
    ------
    BadArray
        If lengths, types or ids are invalid.
    """
    labels = checked_ids(labels, "label")
    if attributes is None:
        return labels
    check_one_length(labels=labels, attributes=attributes)
    return labels * n_attributes + checked_ids(attributes, "attribute", below=n_attributes)


def group_names(class_names: Sequence[str], attribute_names: Sequence[str]) -> list[str]:
    """Name each group, in the order of `group_ids`.

    Parameters
    ----------
    class_names, attribute_names : sequence of str

    Returns
    -------
    list of str
        "class, attribute", or the class if there are no attributes.

    Examples
    --------
    >>> group_names(["dog", "horse"], ["photograph", "cartoon"])
    ['dog, photograph', 'dog, cartoon', 'horse, photograph', 'horse, cartoon']
    """
    if not attribute_names:
        return list(class_names)
    return [f"{name}, {attribute}" for name in class_names for attribute in attribute_names]


def group_counts(groups: NDArray[np.integer], n_groups: int) -> NDArray[np.int64]:
    """Count the images in each group.

    Parameters
    ----------
    groups : int ndarray of shape (n,)
        Group ids in [0, n_groups).
    n_groups : int

    Returns
    -------
    int64 ndarray of shape (n_groups,)
        0 for a group without members.

    Raises
    ------
    BadArray
        If `groups` is not a vector of ids in range.
    """
    return np.bincount(checked_ids(groups, "group", below=n_groups), minlength=n_groups)
