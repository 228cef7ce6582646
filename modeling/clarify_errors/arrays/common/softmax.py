"""Probabilities of logits."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_Float = TypeVar("_Float", bound=np.floating[Any])


def softmax(logits: NDArray[_Float]) -> NDArray[_Float]:
    """Compute the probabilities of each row, without an overflow.

    Parameters
    ----------
    logits : float ndarray of shape (n, C)

    Returns
    -------
    float ndarray of shape (n, C)
        In the dtype of the logits; each row sums to 1.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[_Float] = odds / odds.sum(axis=1, keepdims=True)
    return shares
