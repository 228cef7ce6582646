"""Accuracies of a classifier by group and by class (paper, section 5; conventions in docs/analysts/methods.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_booleans, check_one_length, checked_ids
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.datasets.groups import group_counts


@dataclass(frozen=True)
class GroupMetrics:
    """Accuracies of predictions by group, from `group_metrics`; all in [0, 1].

    Attributes
    ----------
    accuracies : tuple of (float or None)
        Per group; None for a group without members.
    counts : tuple of int
        Images per group.
    worst_group : float
        Least accuracy over the groups that have members.
    average : float
        Mean accuracy of the groups that have members, weighted by their training counts.
    average_plain : float
        Share of all images that are right.
    gap : float
        average - worst_group, the robustness gap.
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

    Parameters
    ----------
    predictions, labels : int ndarray of shape (n,)
        Classes ≥ 0, n ≥ 1.
    groups : int ndarray of shape (n,)
        Group ids in [0, G).
    train_counts : int ndarray of shape (G,), or sequence of int
        Training images of each group, ≥ 0: the weights of the average.

    Returns
    -------
    GroupMetrics

    Raises
    ------
    BadArray
        If a shape, type or id is invalid, or if no group with members here has training images.
    """
    check_one_length(1, predictions=predictions, labels=labels, groups=groups)
    right = checked_ids(predictions, "prediction") == checked_ids(labels, "label")
    train_weights = checked_ids(np.asarray(train_counts), "train count", of="group")
    counts = group_counts(groups, len(train_weights))
    has_members = counts > 0
    if not train_weights[has_members].any():
        raise BadArray("no group with members here has training images, so the average has no weights")
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
    """Compute the share of marked images in each group.

    Parameters
    ----------
    marked : bool ndarray of shape (n,)
    groups : int ndarray of shape (n,)
        Group ids in [0, n_groups).
    n_groups : int

    Returns
    -------
    float64 ndarray of shape (n_groups,)
        In [0, 1]; NaN for a group without members.

    Raises
    ------
    BadArray
        If lengths, types or ids are invalid.

    Examples
    --------
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
    """Compute the share of wrong predictions in each class.

    Parameters
    ----------
    predictions : int ndarray of shape (n,)
        Classes ≥ 0.
    labels : int ndarray of shape (n,)
        Classes in [0, n_classes).
    n_classes : int

    Returns
    -------
    tuple of n_classes (float or None)
        In [0, 1]; None for a class without images.

    Raises
    ------
    BadArray
        If lengths, types or classes are invalid.
    """
    check_one_length(predictions=predictions, labels=labels)
    wrong = checked_ids(predictions, "prediction") != checked_ids(labels, "label", below=n_classes)
    return _with_none(group_shares(wrong, labels, n_classes))


def hardest_class(predictions: NDArray[np.integer], labels: NDArray[np.integer], n_classes: int) -> int:
    """Find the class with the highest error rate, the default target of annotations.

    Parameters
    ----------
    predictions : int ndarray of shape (n,)
        Classes ≥ 0.
    labels : int ndarray of shape (n,)
        Classes in [0, n_classes).
    n_classes : int

    Returns
    -------
    int
        The lowest class wins a tie.

    Raises
    ------
    BadArray
        If there are no images, or lengths, types or classes are invalid.
    """
    rates = class_error_rates(predictions, labels, n_classes)
    with_images = [label for label, rate in enumerate(rates) if rate is not None]
    if not with_images:
        raise BadArray("there are no images, so no class has an error rate")
    return max(with_images, key=lambda label: rates[label] or 0.0)


def _with_none(shares: NDArray[np.float64]) -> tuple[float | None, ...]:
    """Replace NaN, which JSON does not have, by None."""
    return tuple(None if share != share else share for share in shares.tolist())
