"""Images with structure and errors without: how often clusters of errors are said to be there."""

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.concepts.error_clusters import find_clusters

D = 32


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def images(rng: np.random.Generator, *sizes: int) -> NDArray[np.float32]:
    """300 images that are alike in nothing, then clusters of some sizes, each round a direction of its own."""
    parts = [rng.standard_normal((300, D))]
    for place, size in enumerate(sizes):
        parts.append(4 * np.eye(D)[place] + 0.5 * rng.standard_normal((size, D)))
    return unit(np.concatenate(parts))


def share_called(shuffles: int) -> float:
    """Return in which share of shuffles of 40 errors among 420 images any cluster is said."""
    rng = np.random.default_rng(4)
    rows = images(rng, 60, 60)
    called = 0
    for _ in range(shuffles):
        is_error = np.isin(np.arange(len(rows)), rng.choice(len(rows), 40, replace=False))
        called += bool(find_clusters(rows, is_error).members)
    return called / shuffles
