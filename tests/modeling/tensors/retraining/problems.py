"""Small problems and vectors of retraining."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.retraining.slices import slice_members, slice_membership, slice_weights

# The vector of docs/analysts/methods.md: eight images, two features, λ = .1
X = np.array([[1, 0], [0.5, 1], [-1, 0.2], [0.3, -0.7], [-0.6, -0.4], [0.2, 0.9], [-0.2, 0.5], [0.8, -0.3]])
Y = np.array([1, 1, 0, 0, 0, 1, 0, 1])
SIMILARITIES = np.array([0.30, 0.10, 0.25, 0.15, 0.25, 0.20, 0.40, 0.05], dtype=np.float32)


def slice_ids() -> NDArray[np.int64]:
    members = slice_members(SIMILARITIES, Y, 0, 0.25) | slice_members(SIMILARITIES, Y, 1, 0.10)
    return slice_membership(members, Y, (0, 1), least=1)


def slice_balanced() -> NDArray[np.float64]:
    return slice_weights(Y, slice_ids())


def problem(
    n: int = 300, d: int = 12, n_classes: int = 2, n_heads: int = 4, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Standardised features, labels that depend on them, and weights of several annotations of class 0."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    x = (x - x.mean(0)) / x.std(0)
    y = (x @ rng.normal(size=(d, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(1)
    members = [(rng.random(n) < share) & (y == 0) for share in np.linspace(0.2, 0.8, n_heads)]
    return x, y, np.stack([slice_weights(y, slice_membership(m, y, 0)) for m in members], axis=1)
