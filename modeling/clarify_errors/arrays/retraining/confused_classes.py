"""The classes that a classifier takes a class for, and that it takes for this class."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_one_length


def most_confused(
    predicted: NDArray[np.integer], labels: NDArray[np.integer], target_class: int, most: int
) -> NDArray[np.int64]:
    """Find the classes that are most often confused with a class, in either direction.

    Parameters
    ----------
    predicted, labels : int ndarray of shape (n,)
        Predicted and true classes ≥ 0.
    target_class : int
    most : int
        Largest number of classes.

    Returns
    -------
    int64 ndarray of shape (at most `most`,)
        The most confused first, the smaller number of tied ones; none that is never confused with the class.

    Raises
    ------
    BadArray
        If the lengths differ.

    Examples
    --------
    >>> most_confused(np.array([0, 1, 1, 2, 0]), np.array([0, 0, 0, 0, 3]), 0, most=2).tolist()
    [1, 2]
    """
    check_one_length(0, predicted=predicted, labels=labels)
    others = np.concatenate([predicted[labels == target_class], labels[predicted == target_class]])
    counts = np.bincount(others[others != target_class])
    order = np.argsort(-counts, kind="stable")[:most]
    return order[counts[order] > 0]
