"""Training of many heads (last layers) at once, each to a certificate (paper, section 4.2; docs/analysts/methods.md).

For features X [n, d] with a constant appended, labels y, head k's weights w_k with Σ_i w_ik = 1 and C classes,

    F_k(W) = Σ_i w_ik · cross_entropy(W x_i, y_i) + λ/2 ‖W‖²,    W [C, d + 1], its bias penalised too

is λ-strongly convex. So F_k(W) - F_k* ≤ ‖∇F_k(W)‖² / (2λ), the gap, which is the certificate.

With many classes, only some rows may move (`frozen_logits`). The objective in these is λ-strongly convex too, and is
solved in the same way to the same certificate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clarify_errors.tensors.linear_algebra.tensor_conversion import as_tensor
from clarify_errors.tensors.retraining.frozen_logits import FreeRows
from clarify_errors.tensors.retraining.input_checks import (
    check_problem,
    check_tolerance,
    check_values,
    check_weights,
    naming_bad_values,
)
from clarify_errors.tensors.retraining.loss_weights import HeadWeights
from clarify_errors.tensors.retraining.problem import FEATURES_PER_VALUE, Problem
from clarify_errors.tensors.retraining.solver import Solution, Start, solve
from clarify_errors.tensors.retraining.streaming import solve_streamed
from clarify_errors.tensors.retraining.warm_start import (
    PRECONDITIONER_ROWS,
    WarmStart,
    curvature_preconditioner,
    start_of,
)

SMALL = 1 << 20  # so many values may be kept of all images in any case


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
    checkpoints: Path | None = None,
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
    checkpoints : pathlib.Path, optional
        Folder for what long training has reached, from which it goes on if it is interrupted.

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
    Deterministic for one machine, thread count, set of heads and order of the features in memory (by row or column).
    Another of these rounds otherwise, so that a head may take a step more or less; its certificate holds all the same.

    Float32 features of more than 512 MiB stay in place, and may be memory-mapped; allow a quarter of their size as
    extra memory. For smaller ones allow twice their size. With many classes allow 2 GB if that is more: where the
    logits of one head would not fit there, nothing is kept of the images (`streaming`).

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
        begin = Start(start.reference, start.preconditioner, start.evaluated(problem))
        solutions = _solved(problem, as_tensor(weights).to(device), (begin, tolerance, max_iterations), checkpoints)
        return TrainedHeads.of(problem.cross_entropy.rows(torch.cat([each.v for each in solutions])), solutions)


def _solved(
    problem: Problem,
    weights: Tensor,
    how: tuple[Start, float, int],
    checkpoints: Path | None = None,
) -> list[Solution]:
    """Solve all heads, batch by batch, or one by one where the logits of one are too many to be kept.

    how: start, tolerance and most iterations.
    """
    if problem.kept_stride == 1:
        return [solve(problem, batch, *how) for batch in batches(problem, weights)]
    heads = (HeadWeights.of(column, problem.features.dtype) for column in weights.tensor_split(weights.shape[1], dim=1))
    return [solve_streamed(problem, head, *how, checkpoints) for head in heads]


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
    at_once = max(max(d // FEATURES_PER_VALUE, SMALL // n) // problem.n_columns, 1)
    for batch in weights.tensor_split(-(-weights.shape[1] // at_once), dim=1):
        yield HeadWeights.of(batch, problem.features.dtype)


def train_some_classes(
    free: FreeRows, weights: NDArray[np.floating], *, tolerance: float = 1e-8, max_iterations: int = 500
) -> TrainedHeads:
    """Train K heads as `train_heads` does, moving only some rows of a head.

    Parameters
    ----------
    free : FreeRows
        Features, labels, λ, the head to start from, and the rows that move.
    weights : ndarray of shape (n, K)
        Floats ≥ 0, one column per head; each column is scaled to sum 1.
    tolerance : float, default 1e-8
        Largest accepted gap / loss.
    max_iterations : int, default 500

    Returns
    -------
    TrainedHeads
        `loss` is the whole objective, with all rows in its penalty. `gap` bounds how far it is above the least that
        these rows alone can reach. With every class trained that is the minimum of `train_heads`; with few it is
        higher.

    Raises
    ------
    BadArray
        If an input has a wrong shape, type or range.
    NotConverged
        If a head misses `tolerance`.
    """
    problem, head, rows = free.problem, free.head, free.rows
    check_weights(weights, len(problem.labels))
    check_tolerance(tolerance)
    with torch.inference_mode():
        given, start = as_tensor(weights).to(head.device), head[rows]
        preconditioner = curvature_preconditioner(problem, _typical(given), start, PRECONDITIONER_ROWS)
        solutions = _solved(problem, given, (Start(start, preconditioner), tolerance, max_iterations))
        heads = head.repeat(given.shape[1], 1, 1)
        heads[:, rows] = torch.cat([each.v for each in solutions])
        trained = TrainedHeads.of(heads, solutions)
        penalty_of_others = problem.l2 / 2 * float((head**2).sum() - (start**2).sum())
        return replace(trained, loss=trained.loss + penalty_of_others)


def _typical(weights: Tensor) -> Tensor:
    """Mix the heads' mean weights [n, K] with equal ones, so that every image counts: float64[n] with sum 1."""
    scale = 1 / weights.sum(0, dtype=torch.float64)
    mean = (weights @ scale.to(weights.dtype)).double() / len(scale)
    return (mean + 1 / len(mean)) / 2
