"""A query made of examples: what images shall be like, and what not."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray

_AGAINST = 0.5  # weight of the mean of what images shall not be like
_LEAST_LENGTH = 1e-3  # shorter is rounding


def query_of_examples(like: NDArray[np.float32], unlike: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the query of what images shall be like, and of what they shall not.

    Both are texts or images.

    Parameters
    ----------
    like : float32 ndarray of shape (p, d)
        Unit rows, p ≥ 1.
    unlike : float32 ndarray of shape (q, d)
        Unit rows; there may be none.

    Returns
    -------
    float32 ndarray of shape (1, d)
        Unit row. A single example is its own query, to the bit.

    Raises
    ------
    BadArray
        If there is nothing to be like, or the examples cancel each other.

    Notes
    -----
    Rocchio's formula: the mean of `like` less half the mean of `unlike`.
    """
    if not len(like):
        raise BadArray("a query needs at least one text or image that images shall be like")
    if len(like) == 1 and not len(unlike):
        return like.astype(np.float32)
    query = like.mean(axis=0, dtype=np.float64)
    if len(unlike):
        query -= _AGAINST * unlike.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(query))
    if length < _LEAST_LENGTH:
        raise BadArray("the examples cancel each other: leave some out")
    unit: NDArray[np.float32] = (query / length).astype(np.float32)
    return unit[None]
