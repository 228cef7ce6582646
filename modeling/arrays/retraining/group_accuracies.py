"""Accuracies of a classifier by group and by class (paper, section 5; conventions in docs/methods.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_booleans, check_one_length, checked_ids
from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.datasets.groups import group_counts


@dataclass(frozen=True)
class GroupMetrics:
    """What `group_metrics` returns; accuracies are in [0, 1].

    accuracies: per group, None for a group without members.
    counts: images per group.
    worst_group: the least accuracy over groups that have members.
    average: the mean of group accuracies weighted by the groups' counts in train (over groups with members).
    average_plain: the share of all images that are right.
    gap: average - worst_group, the robustness gap.
    """

    accuracies: tuple[float | None, ...]
    counts: tuple[int, ...]
    worst_group: float
    average: float
    average_plain: float
    gap: float


def group_metrics(
    predictions: NDArray[np.integer],
    labels: NDArray[np.integer],
    groups: NDArray[np.integer],
    train_counts: NDArray[np.integer] | Sequence[int],
) -> GroupMetrics:
    """Measure predictions by group.

    predictions, labels, groups: int[n] ≥ 0, n ≥ 1; train_counts: int[G] ≥ 0, training images of each group.
    Raises BadArray for other shapes and types, group ids outside [0, G), or no training images in any group that has
    members here.
    """
    check_one_length(1, predictions=predictions, labels=labels, groups=groups)
    right = checked_ids(predictions, "prediction") == checked_ids(labels, "label")
    train_weights = checked_ids(np.asarray(train_counts), "train count", of="group")
    counts = group_counts(groups, len(train_weights))
    has_members = counts > 0
    if not train_weights[has_members].any():
        raise BadArray("no group that has members here has training images, so the average has no weights")
    accuracies = group_shares(right, groups, len(counts))
    worst = float(accuracies[has_members].min())
    average = float(np.average(accuracies[has_members], weights=train_weights[has_members]))
    return GroupMetrics(
        accuracies=_with_none(accuracies),
        counts=tuple(counts.tolist()),
        worst_group=worst,
        average=average,
        average_plain=float(right.mean()),
        gap=average - worst,
    )


def group_shares(marked: NDArray[np.bool_], groups: NDArray[np.integer], n_groups: int) -> NDArray[np.float64]:
    """The share of each group's images that are marked, float64[n_groups] in [0, 1]; NaN for a group without members.

    marked: bool[n]; groups: int[n] in [0, n_groups). Raises BadArray.

    >>> group_shares(np.array([True, False, True]), np.array([0, 0, 2]), 3).tolist()
    [0.5, nan, 1.0]
    """
    check_one_length(marked=marked, groups=groups)
    check_booleans(marked, "marks")
    counts = group_counts(groups, n_groups)
    shares: NDArray[np.float64] = np.full(n_groups, np.nan)
    return np.divide(group_counts(groups[marked], n_groups), counts, out=shares, where=counts > 0)


def class_error_rates(
    predictions: NDArray[np.integer], labels: NDArray[np.integer], n_classes: int
) -> tuple[float | None, ...]:
    """The share of wrong predictions in each class, in [0, 1]; None for a class without images.

    predictions: int[n] ≥ 0; labels: int[n] in [0, n_classes). Raises BadArray.
    """
    check_one_length(predictions=predictions, labels=labels)
    wrong = checked_ids(predictions, "prediction") != checked_ids(labels, "label", below=n_classes)
    return _with_none(group_shares(wrong, labels, n_classes))


def hardest_class(predictions: NDArray[np.integer], labels: NDArray[np.integer], n_classes: int) -> int:
    """The class with the highest error rate, the first of tied ones: the default target of annotations.

    As in `class_error_rates`; raises BadArray without images.
    """
    rates = class_error_rates(predictions, labels, n_classes)
    with_images = [label for label, rate in enumerate(rates) if rate is not None]
    if not with_images:
        raise BadArray("there are no images, so no class has an error rate")
    return max(with_images, key=lambda label: rates[label] or 0.0)


def _with_none(shares: NDArray[np.float64]) -> tuple[float | None, ...]:
    """None in the place of NaN, which JSON does not have."""
    return tuple(None if share != share else share for share in shares.tolist())
