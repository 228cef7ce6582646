"""Images that differ in so many ways, none a copy of another: how many of new ones are called near-duplicates?"""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.embeddings.duplicate_limits import duplicate_limit
from clarify_errors.arrays.embeddings.standardization import unit_rows


def to_nearest(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    values = rows @ rows.T
    np.fill_diagonal(values, -1)
    nearest: NDArray[np.float32] = values.max(axis=1)
    return nearest


def images(n: int, dimensions: int, seed: int = 0) -> NDArray[np.float32]:
    """Images that differ in so many ways, in a space of 24 dimensions."""
    rng = np.random.default_rng(seed)
    return unit_rows(rng.normal(size=(n, dimensions + 1)) @ np.linalg.qr(rng.normal(size=(24, dimensions + 1)))[0].T)


def share_called(n: int, dimensions: int) -> float:
    """Of new images beside 2,000 stored ones, the share above the limit of these, over n data sets.

    What gathering asks, by brute force over all pairs.
    """
    return float(np.mean([_share(images(3_000, dimensions, seed)) for seed in range(n)]))


def _share(rows: NDArray[np.float32]) -> float:
    stored, new = rows[:2_000], rows[2_000:]
    return float(((new @ stored.T).max(axis=1) > duplicate_limit(to_nearest(stored))).mean())
