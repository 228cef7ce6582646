"""What retraining asks of its input; the messages say what is wrong and where."""

import numpy as np
from numpy.typing import NDArray

from modeling.errors import BadArray

_LARGEST = 1e6  # a z-score is at most √n
_ROWS_AT_ONCE = 4096  # a mask of all features would be a quarter of their size


def check_problem(features: NDArray[np.floating], labels: NDArray[np.integer], l2: float, n_classes: int | None) -> int:
    """The number of classes, of features float[n, d] and labels int[n]. Raises BadArray for what does not fit."""
    if features.ndim != 2 or labels.ndim != 1 or len(features) != len(labels) or not len(labels):
        raise BadArray(
            f"features {features.shape} and labels {labels.shape} must be [n, d] and [n] and have one n, n ≥ 1"
        )
    if not np.issubdtype(features.dtype, np.floating) or not np.issubdtype(labels.dtype, np.integer):
        raise BadArray(f"features must be floats and labels integers, not {features.dtype} and {labels.dtype}")
    _check_values(features)
    if not 0 < l2 < np.inf:
        raise BadArray(f"l2 must be positive and finite, not {l2}")
    if n_classes is None:
        n_classes = int(labels.max()) + 1
    outside = (labels < 0) | (labels >= n_classes)
    if outside.any():
        at = int(np.argmax(outside))
        raise BadArray(f"labels must lie in [0, {n_classes}), and label {labels[at]} of row {at} does not")
    if n_classes < 2:
        raise BadArray("all labels are of one class, and a head tells two classes or more apart")
    return n_classes


def _check_values(features: NDArray[np.floating]) -> None:
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


def check_weights(weights: NDArray[np.floating], n: int) -> None:
    """Raises BadArray unless weights are float[n, K], K ≥ 1, finite and ≥ 0, with a positive sum in each column."""
    if weights.ndim != 2 or len(weights) != n or not weights.shape[1]:
        raise BadArray(f"weights {weights.shape} must be [n, K] with n = {n} and K ≥ 1")
    if not np.issubdtype(weights.dtype, np.floating):
        raise BadArray(f"weights must be floats, not {weights.dtype}")
    sums = weights.sum(0, dtype=np.float64)
    bad = ~np.isfinite(sums) | (sums <= 0) | (weights.min(0) < 0)
    if bad.any():
        at = int(np.argmax(bad))
        raise BadArray(f"each head's weights must be finite and ≥ 0 and not all 0, and those of head {at} are not")


def check_groups(groups: NDArray[np.integer], n: int) -> None:
    """Raises BadArray unless groups are int[n], ≥ 0."""
    if groups.shape != (n,) or not np.issubdtype(groups.dtype, np.integer):
        raise BadArray(f"groups {groups.dtype}{list(groups.shape)} must be integers of shape [{n}]")
    if groups.min() < 0:
        at = int(np.argmin(groups))
        raise BadArray(f"group {groups[at]} of row {at} is negative: an image without a slice needs one of its own")


def check_tolerance(tolerance: float) -> None:
    """Raises BadArray unless the tolerance is positive and finite: NaN would certify anything."""
    if not 0 < tolerance < np.inf:
        raise BadArray(f"the tolerance must be positive and finite, not {tolerance}")
