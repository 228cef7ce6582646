"""What retraining asks of its input; the messages say what is wrong and where."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_count, check_two_classes, checked_ids
from modeling.arrays.common.modeling_errors import BadArray, NotConverged

_LARGEST = 1e6  # a z-score is at most √n
_MIN_SUM, _LARGEST_SUM = 1e-30, 1e30  # of weights: they and the inverse of their sum must be numbers in float32
_ROWS_AT_ONCE = 4096  # a mask of all features would be a quarter of their size


def check_problem(features: NDArray[np.floating], labels: NDArray[np.integer], l2: float, n_classes: int | None) -> int:
    """The number of classes, of features float[n, d] and labels int[n], two of which at least have images.

    The features' values are checked by `check_values`. Raises BadArray for what does not fit.
    """
    if features.ndim != 2 or labels.ndim != 1 or len(features) != len(labels) or not features.size:
        raise BadArray(
            f"features {features.shape} and labels {labels.shape} must be [n, d] and [n] and have one n, n ≥ 1, d ≥ 1"
        )
    if not _is_float(features) or labels.dtype.kind not in "iu":
        raise BadArray(
            f"features must be floats of 64 bits at most, and labels integers, not {features.dtype} and {labels.dtype}"
        )
    if not 0 < l2 < np.inf:
        raise BadArray(f"l2 must be positive and finite, not {l2}")
    if n_classes is None:
        n_classes = int(labels.max()) + 1
        if n_classes > max(len(labels), 2):
            raise BadArray(
                f"the largest of {len(labels)} labels is {n_classes - 1}: give n_classes, or number the classes from 0"
            )
    else:
        check_count(n_classes, "the number of classes", least=2)
    checked_ids(labels, "label", below=n_classes, of="row")
    check_two_classes(labels)
    return n_classes


def _is_float(array: NDArray[np.floating]) -> bool:
    """Of a kind that torch has."""
    return np.issubdtype(array.dtype, np.floating) and array.dtype.itemsize <= 8


def check_values(features: NDArray[np.floating]) -> None:
    """Raises BadArray unless features [n, d] are finite, and as small as a z-score is."""
    for start in range(0, len(features), _ROWS_AT_ONCE):
        rows = features[start : start + _ROWS_AT_ONCE]
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.vdot(rows, rows)  # quick, and small only if all numbers are finite and small
            if total <= _LARGEST**2:
                continue
            bad = ~(np.abs(rows) <= _LARGEST).all(axis=1)
        if bad.any():
            at = int(np.argmax(bad))
            problem = f"larger than {_LARGEST:g}" if np.isfinite(rows[at]).all() else "not finite"
            raise BadArray(f"features must be finite and standardised, and row {start + at} has a number {problem}")


@contextmanager
def naming_bad_values(features: NDArray[np.floating]) -> Iterator[None]:
    """For training on features that were checked before: what fails because they changed since is a BadArray."""
    try:
        yield
    except NotConverged:
        check_values(features)
        raise


def check_weights(weights: NDArray[np.floating], n: int) -> None:
    """Raises BadArray unless weights are float[n, K], K ≥ 1, finite and ≥ 0, with a positive sum in each column."""
    if weights.ndim != 2 or len(weights) != n or not weights.shape[1]:
        raise BadArray(f"weights {weights.shape} must be [n, K] with n = {n} and K ≥ 1")
    if not _is_float(weights):
        raise BadArray(f"weights must be floats of 64 bits at most, not {weights.dtype}")
    with np.errstate(over="ignore"):  # an infinite sum is refused
        sums = weights.sum(0, dtype=np.float64)
    bad = ~np.isfinite(sums) | (sums < _MIN_SUM) | (sums > _LARGEST_SUM) | (weights.min(0) < 0)
    if bad.any():
        at = int(np.argmax(bad))
        raise BadArray(f"each head's weights must be finite and ≥ 0 and not all 0, and those of head {at} are not")


def check_groups(groups: NDArray[np.integer], n: int) -> None:
    """Raises BadArray unless groups are int[n], ≥ 0."""
    if groups.shape != (n,) or groups.dtype.kind not in "iu":
        raise BadArray(f"groups {groups.dtype}{list(groups.shape)} must be integers of shape [{n}]")
    if groups.min() < 0:
        at = int(np.argmin(groups))
        raise BadArray(f"group {groups[at]} of row {at} is negative: give classes without slices an id (`slice_ids`)")
    if groups.max() > np.iinfo(np.int64).max:
        at = int(np.argmax(groups))
        raise BadArray(f"group {groups[at]} of row {at} is more than 64 bits with a sign can hold")


def check_classes(classes: Collection[int], n_classes: int) -> None:
    """Raises BadArray unless the classes to train are distinct whole numbers in [0, n_classes), and at least one."""
    known = [each for each in classes if isinstance(each, int | np.integer) and 0 <= each < n_classes]
    if not known or len(set(known)) < len(classes):
        raise BadArray(
            "the classes to train must be whole numbers, distinct, at least one, and in "
            f"[0, {n_classes}), not {list(classes)}"
        )


def check_tolerance(tolerance: float) -> None:
    """Raises BadArray unless the tolerance is positive and finite: NaN would certify anything."""
    if not 0 < tolerance < np.inf:
        raise BadArray(f"the tolerance must be positive and finite, not {tolerance}")
