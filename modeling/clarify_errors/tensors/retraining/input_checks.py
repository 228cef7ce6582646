"""Checks of the arguments of retraining. Messages say what is wrong and where."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_count, check_two_classes, checked_ids
from clarify_errors.arrays.common.modeling_errors import BadArray, NotConverged
from clarify_errors.arrays.common.steps import step_done

_LARGEST = 1e6  # a z-score is at most √n
_MIN_SUM, _MAX_SUM = 1e-30, 1e30  # weights and the inverse of their sum must be finite in float32
_ROWS_AT_ONCE = 4096  # a mask of all features would take a quarter of their memory


def check_problem(features: NDArray[np.floating], labels: NDArray[np.integer], l2: float, n_classes: int | None) -> int:
    """Check everything but the features' values, and return the number of classes.

    Parameters
    ----------
    features : float ndarray of shape (n, d)
        n ≥ 1 and d ≥ 1. `check_values` checks the values.
    labels : int ndarray of shape (n,)
        Classes in [0, C); at least two occur.
    l2 : float
        λ > 0.
    n_classes : int or None
        C ≥ 2. None: largest label + 1.

    Returns
    -------
    int
        C.

    Raises
    ------
    BadArray
        If an argument has a wrong shape, type or range.
    """
    if features.ndim != 2 or labels.ndim != 1 or len(features) != len(labels) or not features.size:
        raise BadArray(
            f"features {features.shape} and labels {labels.shape} must have shapes (n, d) and (n,), n ≥ 1, d ≥ 1"
        )
    if not _is_float(features) or labels.dtype.kind not in "iu":
        raise BadArray(
            f"features must be floats of at most 64 bits, and labels integers, not {features.dtype} and {labels.dtype}"
        )
    if not 0 < l2 < np.inf:
        raise BadArray(f"l2 must be positive and finite, not {l2}")
    if n_classes is None:
        n_classes = int(labels.max()) + 1
        if n_classes > max(len(labels), 2):
            raise BadArray(
                f"the largest of {len(labels)} labels is {n_classes - 1}: pass n_classes, or number classes from 0"
            )
    else:
        check_count(n_classes, "the number of classes", least=2)
    checked_ids(labels, "label", below=n_classes, of="row")
    check_two_classes(labels)
    return n_classes


def _is_float(array: NDArray[np.floating]) -> bool:
    """Return whether torch has this type of float."""
    return np.issubdtype(array.dtype, np.floating) and array.dtype.itemsize <= 8


def check_values(features: NDArray[np.floating]) -> None:
    """Check that features are finite, and as small as z-scores are.

    Parameters
    ----------
    features : float ndarray of shape (n, d)

    Raises
    ------
    BadArray
        If a number is not finite, or larger than 1e6 in absolute value.
    """
    for start in range(0, len(features), _ROWS_AT_ONCE):
        rows = features[start : start + _ROWS_AT_ONCE]
        step_done()
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.vdot(rows, rows)  # fast, and small only if all numbers are finite and small
            if total <= _LARGEST**2:
                continue
            bad = ~(np.abs(rows) <= _LARGEST).all(axis=1)
        if bad.any():
            at = int(np.argmax(bad))
            problem = f"larger than {_LARGEST:g}" if np.isfinite(rows[at]).all() else "not finite"
            raise BadArray(f"features must be finite and standardised, but row {start + at} has a number {problem}")


@contextmanager
def naming_bad_values(features: NDArray[np.floating]) -> Iterator[None]:
    """Check features again if training on them does not converge.

    They may have changed in memory since they were checked.

    Parameters
    ----------
    features : float ndarray of shape (n, d)

    Raises
    ------
    BadArray
        If they are no longer valid.
    """
    try:
        yield
    except NotConverged:
        check_values(features)
        raise


def check_weights(weights: NDArray[np.floating], n: int) -> None:
    """Check loss weights.

    Parameters
    ----------
    weights : float ndarray of shape (n, K)
        K ≥ 1; finite and ≥ 0, with the sum of each column in [1e-30, 1e30].
    n : int

    Raises
    ------
    BadArray
        If they are anything else.
    """
    if weights.ndim != 2 or len(weights) != n or not weights.shape[1]:
        raise BadArray(f"weights {weights.shape} must have shape (n, K) with n = {n} and K ≥ 1")
    if not _is_float(weights):
        raise BadArray(f"weights must be floats of at most 64 bits, not {weights.dtype}")
    with np.errstate(over="ignore"):  # an infinite sum is rejected below
        sums = weights.sum(0, dtype=np.float64)
    bad = ~np.isfinite(sums) | (sums < _MIN_SUM) | (sums > _MAX_SUM) | (weights.min(0) < 0)
    if bad.any():
        at = int(np.argmax(bad))
        raise BadArray(
            f"weights[:, {at}] must be finite and non-negative with a sum in [{_MIN_SUM:.0e}, {_MAX_SUM:.0e}]"
        )


def check_groups(groups: NDArray[np.integer], n: int) -> None:
    """Check group ids.

    Parameters
    ----------
    groups : int ndarray of shape (n,)
        In [0, 2^63).
    n : int

    Raises
    ------
    BadArray
        If they are anything else.
    """
    if groups.shape != (n,) or groups.dtype.kind not in "iu":
        raise BadArray(f"groups {groups.dtype}{list(groups.shape)} must be integers of shape ({n},)")
    if groups.min() < 0:
        at = int(np.argmin(groups))
        raise BadArray(f"group {groups[at]} of row {at} is negative: number unannotated classes too (`slice_ids`)")
    if groups.max() > np.iinfo(np.int64).max:
        at = int(np.argmax(groups))
        raise BadArray(f"group {groups[at]} of row {at} does not fit a signed 64-bit integer")


def check_classes(classes: Collection[int], n_classes: int) -> None:
    """Check the classes to train.

    Parameters
    ----------
    classes : collection of int
        Distinct, in [0, n_classes), at least one.
    n_classes : int

    Raises
    ------
    BadArray
        If they are anything else.
    """
    known = [each for each in classes if isinstance(each, int | np.integer) and 0 <= each < n_classes]
    if not known or len(set(known)) < len(classes):
        raise BadArray(
            f"the classes to train must be one or more distinct integers in [0, {n_classes}), not {list(classes)}"
        )


def check_tolerance(tolerance: float) -> None:
    """Check a tolerance. NaN would certify anything.

    Parameters
    ----------
    tolerance : float
        Positive and finite.

    Raises
    ------
    BadArray
        If it is anything else.
    """
    if not 0 < tolerance < np.inf:
        raise BadArray(f"the tolerance must be positive and finite, not {tolerance}")
