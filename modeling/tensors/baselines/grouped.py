"""Features with label and group of each image, and the balanced draws of groups that many baselines train on."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_finite_rows, check_one_length, check_two_classes, checked_ids
from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.retraining.group_accuracies import group_shares

_MOST_IDS = 2**20  # the methods keep numbers for each id below the largest


@dataclass(frozen=True)
class GroupedFeatures:
    """A split of a data set as a baseline sees it.

    features: float[n, d], used as given; labels: int[n] in [0, 2^20); groups: int[n] in [0, 2^20), groups being
    label × attribute, or any other division that a method is to be robust to. Raises BadArray for anything else.
    """

    features: NDArray[np.floating]
    labels: NDArray[np.integer]
    groups: NDArray[np.integer]

    def __post_init__(self) -> None:
        n = len(self.features)
        if self.features.ndim != 2 or not self.features.size or self.labels.shape != (n,) or self.groups.shape != (n,):
            raise BadArray(
                f"features {self.features.shape}, labels {self.labels.shape} and groups {self.groups.shape} "
                "must be [n, d], [n] and [n] with n ≥ 1 and d ≥ 1"
            )
        check_finite_rows(self.features, "features")
        checked_ids(self.labels, "label", below=_MOST_IDS)
        checked_ids(self.groups, "group", below=_MOST_IDS)

    def __len__(self) -> int:
        return len(self.features)

    @property
    def n_classes(self) -> int:
        """One more than the largest label."""
        return int(self.labels.max()) + 1

    @property
    def n_groups(self) -> int:
        """One more than the largest group."""
        return int(self.groups.max()) + 1

    def take(self, rows: NDArray[np.integer]) -> Self:
        """These rows alone, in this order."""
        return type(self)(self.features[rows], self.labels[rows], self.groups[rows])

    def worst_group_accuracy(self, predictions: NDArray[np.integer]) -> float:
        """The least accuracy over the groups that have members; predictions: int[n]. Raises BadArray."""
        check_one_length(predictions=predictions, labels=self.labels)
        right = checked_ids(predictions, "prediction") == self.labels
        return float(np.nanmin(group_shares(right, self.groups, self.n_groups)))


def check_pair(train: GroupedFeatures, validation: GroupedFeatures) -> None:
    """Raise BadArray unless both splits have the same features, and training two classes and those of validation."""
    if train.features.shape[1] != validation.features.shape[1]:
        raise BadArray(f"training has {train.features.shape[1]} features and validation {validation.features.shape[1]}")
    check_two_classes(train.labels)
    if validation.n_classes > train.n_classes:
        raise BadArray(f"validation has a class {validation.n_classes - 1} that training lacks")


def subsampled_rows(groups: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows in which each group that has members is as large as the smallest of them, drawn without replacement."""
    members = _members(groups)
    least = min(map(len, members))
    return np.concatenate([rng.permutation(rows)[:least] for rows in members])


def upsampled_rows(groups: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int64]:
    """All rows, and further draws with replacement that make each group as large as the largest."""
    members = _members(groups)
    most = max(map(len, members))
    return np.concatenate([np.concatenate([rows, rng.choice(rows, most - len(rows))]) for rows in members])


def rows_of_size(groups: NDArray[np.integer], size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """`size` rows of each group that has members; with replacement only where a group has fewer."""
    return np.concatenate([rng.choice(rows, size, replace=len(rows) < size) for rows in _members(groups)])


def _members(groups: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """The rows of each group that has members."""
    return [np.flatnonzero(groups == group) for group in np.unique(groups)]
