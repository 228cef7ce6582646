"""Samples of images: seeded, so that a reload, another tab and another device show the same ones."""

import numpy as np
from numpy.typing import NDArray


def sample(n: int, size: int, draw: int, seed: tuple[int, ...]) -> NDArray[np.int64]:
    """Return at most `size` of the positions 0..n-1 in a random order: int64[min(n, size)].

    The positions are shuffled once by `seed`; draw 0 takes the first `size` of them, draw 1 the next, and so on around,
    so that "show others" shows others until all have been seen. `seed` holds integers ≥ 0, draw is ≥ 0.
    """
    if n == 0:
        return np.empty(0, dtype=np.int64)
    order = np.random.default_rng(seed).permutation(n)
    first = draw * size % n
    return order[(first + np.arange(min(n, size))) % n]
