"""Accuracies of a classifier by group and by class (paper, section 5; conventions in docs/methods.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.errors import BadArray
from modeling.groups import group_counts


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

    predictions, labels, groups: int[n], n ≥ 1; train_counts: int[G], images of each group in the training split.
    Raises BadArray for shapes, group ids outside [0, G), or no training images in any group that has members here.
    """
    if not predictions.shape == labels.shape == groups.shape or predictions.ndim != 1 or not len(labels):
        raise BadArray(
            f"predictions {predictions.shape}, labels {labels.shape} and groups {groups.shape} "
            "must be vectors of one length ≥ 1"
        )
    right = predictions == labels
    counts = group_counts(groups, len(train_counts))
    has_members = counts > 0
    accuracies = np.bincount(groups[right], minlength=len(counts))[has_members] / counts[has_members]
    train_weights = np.asarray(train_counts, dtype=np.float64)[has_members]
    if train_weights.sum() <= 0:
        raise BadArray("no group that has members here has training images, so the average has no weights")
    worst, average = float(accuracies.min()), float(np.average(accuracies, weights=train_weights))
    return GroupMetrics(
        accuracies=_spread(accuracies, has_members),
        counts=tuple(counts.tolist()),
        worst_group=worst,
        average=average,
        average_plain=float(right.mean()),
        gap=average - worst,
    )


def class_error_rates(
    predictions: NDArray[np.integer], labels: NDArray[np.integer], n_classes: int
) -> tuple[float | None, ...]:
    """The share of wrong predictions in each class, in [0, 1]; None for a class without images.

    predictions, labels: int[n], labels in [0, n_classes). Raises BadArray.
    """
    if predictions.shape != labels.shape:
        raise BadArray(f"predictions {predictions.shape} and labels {labels.shape} must be vectors of one length")
    counts = group_counts(labels, n_classes)
    has_members = counts > 0
    wrong = np.bincount(labels[predictions != labels], minlength=n_classes)
    return _spread(wrong[has_members] / counts[has_members], has_members)


def hardest_class(predictions: NDArray[np.integer], labels: NDArray[np.integer], n_classes: int) -> int:
    """The class with the highest error rate, the first of tied ones: the default target of annotations."""
    rates = class_error_rates(predictions, labels, n_classes)
    with_images = [label for label, rate in enumerate(rates) if rate is not None]
    if not with_images:
        raise BadArray("there are no images, so no class has an error rate")
    return max(with_images, key=lambda label: rates[label] or 0.0)


def _spread(values: NDArray[np.float64], present: NDArray[np.bool_]) -> tuple[float | None, ...]:
    """Put one value at each present place and None at the others."""
    remaining = iter(values.tolist())
    return tuple(next(remaining) if here else None for here in present)
