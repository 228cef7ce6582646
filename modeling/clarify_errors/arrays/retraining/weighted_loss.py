"""The weighted loss that heads are trained to minimise, written out once (paper, section 4.2, equation 2).

Solvers evaluate it in blocks, in several precisions and by changes; tests hold them to this reference.
"""

import numpy as np
from numpy.typing import NDArray


def weighted_loss(
    coef: NDArray[np.floating],
    intercept: NDArray[np.floating],
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating],
    l2: float,
) -> float:
    """Evaluate one head's objective F.

    F(W) = Σ_i w_i · cross_entropy(W x_i, y_i) + λ/2 ‖W‖², with the intercept as a part of W.

    Parameters
    ----------
    coef : ndarray of shape (C, d)
    intercept : ndarray of shape (C,)
        Part of W, so it is penalised too.
    features : ndarray of shape (n, d)
    labels : int ndarray of shape (n,)
        Classes in [0, C).
    weights : ndarray of shape (n,)
        Loss weights, used as given: equation 2 has them sum to 1.
    l2 : float
        λ ≥ 0; with 0 it is the loss of the data alone.

    Returns
    -------
    float
        In float64.

    Examples
    --------
    >>> half = np.full(2, 0.5)
    >>> round(weighted_loss(np.zeros((2, 1)), np.zeros(2), np.array([[-1.0], [1.0]]), np.array([0, 1]), half, 0.1), 6)
    0.693147
    """
    w = np.column_stack([coef, intercept]).astype(np.float64)
    logits = features @ w[:, :-1].T + w[:, -1]
    largest = logits.max(axis=1)
    log_total = largest + np.log(np.exp(logits - largest[:, None]).sum(axis=1))
    cross_entropy = log_total - logits[np.arange(len(labels)), labels]
    return float(weights @ cross_entropy + l2 / 2 * np.sum(w**2))
