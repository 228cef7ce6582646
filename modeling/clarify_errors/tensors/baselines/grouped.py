"""Features with a label and a group per image, and the group-balanced draws that many baselines train on."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import (
    check_finite_rows,
    check_one_length,
    check_two_classes,
    checked_ids,
)
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.group_accuracies import group_shares

_MAX_IDS = 2**20  # the methods allocate numbers for each id up to the largest


@dataclass(frozen=True)
class GroupedFeatures:
    """A split of a data set as a baseline sees it.

    Attributes
    ----------
    features : float ndarray of shape (n, d)
        n ≥ 1 and d ≥ 1; used as given.
    labels : int ndarray of shape (n,)
        In [0, 2^20).
    groups : int ndarray of shape (n,)
        In [0, 2^20): label × attribute, or another division that a method is to be robust to.

    Raises
    ------
    BadArray
        If shapes, types or values are invalid.
    """

    features: NDArray[np.floating]
    labels: NDArray[np.integer]
    groups: NDArray[np.integer]

    def __post_init__(self) -> None:
        n = len(self.features)
        if self.features.ndim != 2 or not self.features.size or self.labels.shape != (n,) or self.groups.shape != (n,):
            raise BadArray(
                f"features {self.features.shape}, labels {self.labels.shape} and groups {self.groups.shape} "
                "must have shapes (n, d), (n,) and (n,) with n ≥ 1 and d ≥ 1"
            )
        check_finite_rows(self.features, "features")
        checked_ids(self.labels, "label", below=_MAX_IDS)
        checked_ids(self.groups, "group", below=_MAX_IDS)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def n_classes(self) -> int:
        """Return one more than the largest label."""
        return int(self.labels.max()) + 1

    @property
    def n_groups(self) -> int:
        """Return one more than the largest group."""
        return int(self.groups.max()) + 1

    def take(self, rows: NDArray[np.integer]) -> Self:
        """Select rows.

        Parameters
        ----------
        rows : int ndarray of shape (m,)

        Returns
        -------
        GroupedFeatures
            The rows in this order.
        """
        return type(self)(self.features[rows], self.labels[rows], self.groups[rows])

    def worst_group_accuracy(self, predictions: NDArray[np.integer]) -> float:
        """Compute the least accuracy over the groups that have members.

        Parameters
        ----------
        predictions : int ndarray of shape (n,)

        Returns
        -------
        float
            In [0, 1].

        Raises
        ------
        BadArray
            If lengths or types do not fit.
        """
        check_one_length(predictions=predictions, labels=self.labels)
        right = checked_ids(predictions, "prediction") == self.labels
        return float(np.nanmin(group_shares(right, self.groups, self.n_groups)))


def check_pair(train: GroupedFeatures, validation: GroupedFeatures) -> None:
    """Check that two splits fit each other.

    Parameters
    ----------
    train, validation : GroupedFeatures

    Raises
    ------
    BadArray
        If their numbers of features differ, or training lacks a second class or one of validation.
    """
    if train.features.shape[1] != validation.features.shape[1]:
        raise BadArray(f"training has {train.features.shape[1]} features, validation {validation.features.shape[1]}")
    check_two_classes(train.labels)
    if validation.n_classes > train.n_classes:
        raise BadArray(f"validation has a class {validation.n_classes - 1} that training lacks")


def subsampled_rows(groups: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw rows such that each group is as large as the smallest.

    Parameters
    ----------
    groups : int ndarray of shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    int64 ndarray of shape (m,)
        Without replacement, from the groups that have members.
    """
    members = _members(groups)
    least = min(map(len, members))
    return np.concatenate([rng.permutation(rows)[:least] for rows in members])


def upsampled_rows(groups: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
    """Add rows such that each group is as large as the largest.

    Parameters
    ----------
    groups : int ndarray of shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    int64 ndarray of shape (m,)
        All rows, and further draws with replacement.
    """
    members = _members(groups)
    most = max(map(len, members))
    return np.concatenate([np.concatenate([rows, rng.choice(rows, most - len(rows))]) for rows in members])


def rows_of_size(groups: NDArray[np.integer], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw equally many rows of each group.

    Parameters
    ----------
    groups : int ndarray of shape (n,)
    size : int
        Rows per group that has members.
    rng : numpy.random.Generator

    Returns
    -------
    int64 ndarray of shape (m,)
        With replacement only from groups that are smaller than `size`.
    """
    return np.concatenate([rng.choice(rows, size, replace=len(rows) < size) for rows in _members(groups)])


def _members(groups: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Return the rows of each group that has members."""
    return [np.flatnonzero(groups == group) for group in np.unique(groups)]
