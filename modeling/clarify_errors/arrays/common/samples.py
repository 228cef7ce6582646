"""Samples that are the same each time they are drawn."""

import numpy as np
from numpy.typing import NDArray


def sample(n: int, size: int, draw: int, seed: tuple[int, ...]) -> NDArray[np.int64]:
    """Choose some of the positions 0, ..., n - 1, in a random order.

    The positions are shuffled once by the seed; draw 0 takes the first of them, draw 1 the next, and so on around, so
    that "show others" shows others until all have been seen.

    Parameters
    ----------
    n : int
        Positions, at least 0.
    size : int
        How many are chosen, at most.
    draw : int
        Which part of the shuffled positions, at least 0.
    seed : tuple of int
        At least 0 each.

    Returns
    -------
    int64 ndarray of shape (min(n, size),)

    Examples
    --------
    >>> sorted([*sample(4, 2, 0, (1,)), *sample(4, 2, 1, (1,))]) == [0, 1, 2, 3]
    True
    """
    if n == 0:
        return np.empty(0, dtype=np.int64)
    order = np.random.default_rng(seed).permutation(n)
    first = draw * size % n
    return order[(first + np.arange(min(n, size))) % n]
