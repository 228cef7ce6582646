"""Training of many heads (last layers) at once, each to a certificate (paper, section 4.2; docs/methods.md).

For features X [n, d] with a constant appended, labels y, head k's weights w_k with Σ_i w_ik = 1 and C classes,

    F_k(W) = Σ_i w_ik · cross_entropy(W x_i, y_i) + λ/2 ‖W‖²,    W [C, d + 1], its bias penalised too

is λ-strongly convex. So F_k(W) - F_k* ≤ ‖∇F_k(W)‖² / (2λ), the gap, which is the certificate.

With many classes, only the rows of the annotated ones may move. With W_A these free rows, and the other rows those of a
trained head, an image's cross-entropy is

    log(exp(r_i) + Σ_{c in A} exp(W_c x_i)) - logit of y_i,    r_i = log Σ_{c not in A} exp(W_c x_i)

r is computed once, so a pass costs |A| products per image, not C. The objective in W_A is λ-strongly convex too, and is
solved in the same way to the same certificate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.arrays.common.modeling_errors import BadArray
from modeling.tensors.linear_algebra.tensor_conversion import as_tensor
from modeling.tensors.retraining.input_checks import (
    check_classes,
    check_problem,
    check_tolerance,
    check_values,
    check_weights,
    naming_bad_values,
)
from modeling.tensors.retraining.loss_weights import HeadWeights
from modeling.tensors.retraining.problem import Problem
from modeling.tensors.retraining.solver import Solution, solve
from modeling.tensors.retraining.warm_start import PRECONDITIONER_ROWS, WarmStart, curvature_preconditioner, start_of

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


@dataclass(frozen=True, eq=False)
class FreeRows:
    """A trained head of which only the rows of some classes move.

    Parameters
    ----------
    coef : ndarray of shape (C, d)
        The head's coefficients, finite floats.
    intercept : ndarray of shape (C,)
    classes : sequence of int
        Classes whose rows are trained: distinct, in [0, C), at least one.
    """

    coef: NDArray[np.floating]
    intercept: NDArray[np.floating]
    classes: Sequence[int]

    def checked_head(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Check the head against features, and join its coefficients.

        Parameters
        ----------
        features : float ndarray of shape (n, d)

        Returns
        -------
        float64 ndarray of shape (C, d + 1)
            The bias is last.

        Raises
        ------
        BadArray
            If shapes do not fit, or a number is not finite.
        """
        coef, intercept = self.coef, self.intercept
        fits = coef.ndim == features.ndim == 2 and coef.shape[1] == features.shape[1]
        if not fits or intercept.shape != coef.shape[:1]:
            raise BadArray(
                f"coef {coef.shape} and intercept {intercept.shape} must be [C, d] and [C] "
                f"for features {features.shape}"
            )
        head = np.concatenate([coef, intercept[:, None]], axis=1).astype(np.float64)
        bad = ~np.isfinite(head).all(axis=1)
        if bad.any():
            raise BadArray(f"the head must be finite, but its row {int(np.argmax(bad))} is not")
        return head


def train_some_classes(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating],
    l2: float,
    free: FreeRows,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    device: str | torch.device = "cpu",
) -> TrainedHeads:
    """Train K heads as `train_heads` does, moving only the rows of some classes.

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
    free : FreeRows
        The head to start from, and the classes whose rows move.
    tolerance : float, default 1e-8
        Largest accepted gap / loss.
    max_iterations : int, default 500
    device : str or torch.device, default "cpu"

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
    whole = free.checked_head(features)
    n_classes = check_problem(features, labels, l2, len(whole))
    check_values(features)
    check_weights(weights, len(labels))
    check_tolerance(tolerance)
    check_classes(free.classes, n_classes)
    rows = torch.tensor(sorted(free.classes), dtype=torch.int64)
    with torch.inference_mode():
        head = torch.from_numpy(whole).to(device)
        problem = _restricted(Problem.of(features, labels, l2, n_classes, device), head, rows)
        given, start = as_tensor(weights).to(device), head[rows]
        preconditioner = curvature_preconditioner(problem, _typical(given), start, PRECONDITIONER_ROWS)
        solutions = [
            solve(problem, batch, start, preconditioner, tolerance, max_iterations) for batch in batches(problem, given)
        ]
        heads = head.repeat(given.shape[1], 1, 1)
        heads[:, rows] = torch.cat([each.v for each in solutions])
        trained = TrainedHeads.of(heads, solutions)
        penalty_of_others = l2 / 2 * float((head**2).sum() - (start**2).sum())
        return replace(trained, loss=trained.loss + penalty_of_others)


@dataclass(frozen=True)
class _OfSome:
    """Cross-entropy with a few free rows. Where others take labels, it takes image numbers."""

    basis: Tensor  # float64[|A|, |A|], the identity: a free row is its own coordinate
    place: Tensor  # int64[n], place of the label among the free rows; |A| if its row is not free
    others: Tensor  # float64[n], r
    of_label: Tensor  # float64[n], the label's logit if its row is not free, otherwise 0

    def of_images(self, z: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        others, of_label = self.others[images].to(z.dtype), self.of_label[images].to(z.dtype)
        log_total = torch.logaddexp(z.logsumexp(1), others)
        is_label = self._is_label(images, z.dtype)
        losses = log_total - (z * is_label).sum(1) - of_label
        return losses, (z - log_total[:, None]).exp() - is_label

    def curvature(self, z: Tensor, images: Tensor) -> Tensor:
        p = (z - torch.logaddexp(z.logsumexp(0), self.others[images].to(z.dtype))).exp()
        return (p * (1 - p)).mean(0)

    def _is_label(self, images: Tensor, dtype: torch.dtype) -> Tensor:
        """[|A|, m]"""
        rows = torch.arange(len(self.basis), device=images.device)
        return (rows[:, None] == self.place[images]).to(dtype)


def _restricted(problem: Problem, head: Tensor, free: Tensor) -> Problem:
    """Restrict a problem to the free rows of a head [C, p]; the head's logits are computed here, in float64."""
    is_free = torch.zeros(len(head), dtype=torch.bool, device=head.device)
    is_free[free] = True
    place = torch.full((len(head),), len(free), device=head.device)
    place[free] = torch.arange(len(free), device=head.device)
    labels = problem.labels
    others, of_label = (torch.empty(len(labels), dtype=torch.float64, device=head.device) for _ in range(2))
    for block, z in problem.products(head[None], torch.float64, torch.float64, 1):
        rows = block.rows
        others[rows] = z[0, ~is_free].logsumexp(0)  # -inf if all rows are free
        of_label[rows] = z[0].gather(0, labels[rows][None])[0]
    cross_entropy = _OfSome(
        basis=torch.eye(len(free), dtype=torch.float64, device=head.device),
        place=place[labels],
        others=others,
        of_label=of_label.where(~is_free[labels], 0),
    )
    return replace(problem, labels=torch.arange(len(labels), device=head.device), cross_entropy=cross_entropy)


def _typical(weights: Tensor) -> Tensor:
    """Mix the heads' mean weights [n, K] with equal ones, so that every image counts: float64[n] with sum 1."""
    scale = 1 / weights.sum(0, dtype=torch.float64)
    mean = (weights @ scale.to(weights.dtype)).double() / len(scale)
    return (mean + 1 / len(mean)) / 2
