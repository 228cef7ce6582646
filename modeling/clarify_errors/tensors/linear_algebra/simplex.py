"""Exact maximum of a small concave quadratic over weights ≥ 0 with sum 1, for the steps for the worst group."""

import numpy as np
from numpy.typing import NDArray

_RIDGE = 1e-11  # share of the largest number; makes the optimum on any support unique
EXCHANGES = 30  # exchanges of many coordinates at once; a handful finds most optima


def simplex_maximiser(
    values: NDArray[np.float64], curvature: NDArray[np.float64], near: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Maximise qᵀ values - ½ qᵀ curvature q over q ≥ 0 with Σq = 1.

    Parameters
    ----------
    values : float64 ndarray of shape (G,)
    curvature : float64 ndarray of shape (G, G)
        Symmetric and positive semidefinite.
    near : float64 ndarray of shape (G,), optional
        A q that may be close.

    Returns
    -------
    float64 ndarray of shape (G,)

    Notes
    -----
    To find the support, all wrong coordinates are exchanged at once (block principal pivoting), which is fast but may
    cycle. If it does, an active-set method exchanges them one by one.
    """
    n = len(values)
    curvature = curvature + np.eye(n) * _RIDGE * (np.abs(curvature).max() + np.abs(values).max())
    support = np.ones(n, np.bool_) if near is None else near > 0
    for _ in range(EXCHANGES):
        q = np.zeros(n)
        q[support] = _equality_optimum(values[support], curvature[np.ix_(support, support)])
        gradient = values - curvature @ q
        wrong = np.where(support, q <= 0, gradient > gradient[support].max())
        if not wrong.any():
            return q
        support ^= wrong
        if not support.any():
            break
    return _one_by_one(values, curvature)


def _one_by_one(values: NDArray[np.float64], curvature: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the optimum by an active-set method.

    It optimises on the span of the support, which grows by the coordinate with the largest gradient and loses those
    that reach 0.
    """
    n = len(values)
    q = np.zeros(n)
    q[np.argmax(values - np.diag(curvature) / 2)] = 1
    for _ in range(10 * n):  # this cap is generous; rounding can make the active set cycle
        gradient = values - curvature @ q
        best = int(np.argmax(gradient))
        if q[best] > 0:
            return q
        support = q > 0
        support[best] = True
        q = _best_on_support(q, support, values, curvature)
    return q


def _best_on_support(
    q: NDArray[np.float64], support: NDArray[np.bool_], values: NDArray[np.float64], curvature: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Move q towards the optimum on the span of the support; a coordinate that reaches 0 on the way leaves."""
    while True:
        towards = np.zeros_like(q)
        towards[support] = _equality_optimum(values[support], curvature[np.ix_(support, support)])
        leaving = support & (towards <= 0)
        if not leaving.any():
            return towards
        shares = np.where(leaving, q / np.where(leaving, q - towards, 1), np.inf)
        first = int(np.argmin(shares))
        q = np.maximum(q + shares[first] * (towards - q), 0)
        q[first], support[first] = 0, False
        q /= q.sum()


def _equality_optimum(values: NDArray[np.float64], curvature: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the optimum under Σq = 1 alone; the last coordinate is 1 minus the others."""
    against_last = curvature[:-1] - curvature[-1]
    slopes = values[:-1] - values[-1] - against_last[:, -1]
    others = np.linalg.solve(against_last[:, :-1] - against_last[:, -1:], slopes)
    return np.append(others, 1 - others.sum())
