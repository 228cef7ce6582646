"""A small concave quadratic maximised over weights ≥ 0 with sum 1, exactly: what a step for the worst group needs."""

import numpy as np
from numpy.typing import NDArray

_RIDGE = 1e-11  # of the largest number: makes the optimum on any support unique
_EXCHANGES = 30  # of many coordinates at once: a handful finds most optima


def simplex_maximiser(
    values: NDArray[np.float64], curvature: NDArray[np.float64], near: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The q ≥ 0 with Σq = 1 that maximises qᵀ values - ½ qᵀ curvature q.

    values: float64[G]; curvature: float64[G, G], symmetric and positive semidefinite; near: a q that may not be far.
    The support is found by exchanging all coordinates that are wrong at once, which is quick and may go round in
    circles (block principal pivoting); then one by one, which does not.
    """
    n = len(values)
    curvature = curvature + np.eye(n) * _RIDGE * (np.abs(curvature).max() + np.abs(values).max())
    support = np.ones(n, np.bool_) if near is None else near > 0
    for _ in range(_EXCHANGES):
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
    """An active-set method: the optimum on the span of the support, which grows by the coordinate with the largest
    gradient and loses those that reach 0."""
    n = len(values)
    q = np.zeros(n)
    q[np.argmax(values - np.diag(curvature) / 2)] = 1
    for _ in range(10 * n):  # far more than it takes, where rounding does not go round in circles
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
    """Move from q towards the optimum on the support's span; a coordinate that reaches 0 on the way leaves."""
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
    """The optimum with Σq = 1 alone: the last coordinate is what the others leave of 1."""
    against_last = curvature[:-1] - curvature[-1]
    slopes = values[:-1] - values[-1] - against_last[:, -1]
    others = np.linalg.solve(against_last[:, :-1] - against_last[:, -1:], slopes)
    return np.append(others, 1 - others.sum())
