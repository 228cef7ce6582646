"""Training of many heads (last layers) at once, each to a certificate (paper, section 4.2; docs/methods.md).

For features X [n, d] with a constant appended, labels y, head k's weights w_k with Σ_i w_ik = 1 and C classes,

    F_k(W) = Σ_i w_ik · cross_entropy(W x_i, y_i) + λ/2 ‖W‖²,    W [C, d + 1], its bias penalised too

is λ-strongly convex. So F_k(W) - F_k* ≤ ‖∇F_k(W)‖² / (2λ), the gap, which is the certificate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.tensors.linear_algebra.tensor_conversion import as_tensor
from modeling.tensors.retraining.input_checks import (
    check_problem,
    check_tolerance,
    check_values,
    check_weights,
    naming_bad_values,
)
from modeling.tensors.retraining.loss_weights import HeadWeights
from modeling.tensors.retraining.problem import Problem
from modeling.tensors.retraining.solver import Solution, solve
from modeling.tensors.retraining.warm_start import WarmStart, start_of

# Limit each batch: values kept per head and image may total 1/28 of the feature values, or 2**20 if that is more.
_FEATURES_PER_VALUE = 28
SMALL = 1 << 20


@dataclass(frozen=True)
class TrainedHeads:
    """K heads of C classes on d features, from `train_heads`, in float64.

    Attributes
    ----------
    coef : float64 ndarray of shape (K, C, d)
        The logits are coef @ x + intercept.
    intercept : float64 ndarray of shape (K, C)
    loss : float64 ndarray of shape (K,)
        The objective F that was reached, penalty included.
    gap : float64 ndarray of shape (K,)
        Certificate: F is at most this far above its minimum.
    iterations : int
        Of the solver, for the slowest head.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    loss: NDArray[np.float64]
    gap: NDArray[np.float64]
    iterations: int

    @classmethod
    def of(cls, coefficients: Tensor, solutions: Sequence[Solution]) -> Self:
        """Collect the heads of all batches.

        Parameters
        ----------
        coefficients : Tensor of shape (K, C, d + 1)
            The bias is last.
        solutions : sequence of Solution
            Of each batch.

        Returns
        -------
        TrainedHeads
        """
        on_cpu = coefficients.cpu().numpy()
        return cls(
            coef=on_cpu[:, :, :-1].copy(),
            intercept=on_cpu[:, :, -1].copy(),
            loss=torch.cat([each.loss for each in solutions]).cpu().numpy(),
            gap=torch.cat([each.gap for each in solutions]).cpu().numpy(),
            iterations=max(each.iterations for each in solutions),
        )


def train_heads(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating],
    l2: float,
    *,
    n_classes: int | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    start: WarmStart | None = None,
    device: str | torch.device = "cpu",
) -> TrainedHeads:
    """Train K classifier heads on shared features and labels.

    Parameters
    ----------
    features : ndarray of shape (n, d)
        Standardised floats, at most 1e6 in absolute value.
    labels : ndarray of shape (n,)
        Integer classes in [0, C); at least two occur.
    weights : ndarray of shape (n, K)
        Floats ≥ 0, one column per head; each column is scaled to sum 1.
    l2 : float
        Penalty λ > 0; it includes the bias.
    n_classes : int, optional
        C ≥ 2. Default: largest label + 1.
    tolerance : float, default 1e-8
        Largest accepted gap / loss.
    max_iterations : int, default 500
    start : WarmStart, optional
        From `prepare_start` with the same features, labels, `l2` and `n_classes`.
    device : str or torch.device, default "cpu"

    Returns
    -------
    TrainedHeads
        float64 `coef` (K, C, d), `intercept` (K, C), `loss` (K,), `gap` (K,).

    Raises
    ------
    BadArray
        If an input has a wrong shape, type or range.
    NotConverged
        If a head misses `tolerance`.

    Notes
    -----
    Deterministic for one machine and thread count. Large float32
    features stay in place; allow a quarter of their size as extra memory.

    Examples
    --------
    >>> train_heads(np.array([[-1.0], [1.0]]), np.array([0, 1]), np.ones((2, 1)), l2=0.1).coef.shape
    (1, 2, 1)
    """
    n_classes = check_problem(features, labels, l2, n_classes)
    if start is None or not start.caches(features):
        check_values(features)
    check_weights(weights, len(labels))
    check_tolerance(tolerance)
    with torch.inference_mode(), naming_bad_values(features):
        problem = Problem.of(features, labels, l2, n_classes, device)
        start, problem = (start_of(problem), problem) if start is None else start.matched_to(problem)
        solutions = [
            solve(problem, batch, start.reference, start.preconditioner, tolerance, max_iterations)
            for batch in batches(problem, as_tensor(weights).to(device))
        ]
        return TrainedHeads.of(problem.cross_entropy.basis @ torch.cat([each.v for each in solutions]), solutions)


def batches(problem: Problem, weights: Tensor) -> Iterator[HeadWeights]:
    """Split heads into batches that limit the memory per head and image.

    Parameters
    ----------
    problem : Problem
    weights : Tensor of shape (n, K)

    Yields
    ------
    HeadWeights
    """
    n, d = problem.features.shape
    at_once = max(max(d // _FEATURES_PER_VALUE, SMALL // n) // problem.n_columns, 1)
    for batch in weights.tensor_split(-(-weights.shape[1] // at_once), dim=1):
        yield HeadWeights.of(batch, problem.features.dtype)
