"""Retraining: many heads (last layers) at once, each solved to a certificate (paper, section 4.2; docs/methods.md).

For features X [n, d] with a constant appended, labels y, head k's weights w_k with Σ_i w_ik = 1 and C classes,

    F_k(W) = Σ_i w_ik · cross_entropy(W x_i, y_i) + λ/2 ‖W‖²,    W [C, d + 1], its bias penalised too

is λ-strongly convex, so that F_k(W) - F_k* ≤ ‖∇F_k(W)‖² / (2λ), the gap: that is the certificate.

The solver is L-BFGS over all heads in lockstep, in float64. Three things make it short and quick:

- The optimum has Σ_c W_c = 0, so it is sought as W = B V with B [C, C - 1] an orthonormal basis of that plane. Norms
  are kept, hence the certificate too, and two classes need one column instead of two.
- All heads share the features, so one Cholesky factor of a curvature at the class-balanced head is the initial metric
  of every head. It depends on no head's weights: a head comes out the same alone or among others.
- Logits are kept, so a step costs one product X·D and one Xᵀ·R for all heads, and its line search is elementwise.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.errors import BadArray, NotConverged

_MEMORY = 10
_RENEWAL = 20
_MAX_HALVINGS = 40


@dataclass(frozen=True)
class TrainedHeads:
    """What `train_heads` returns, for K heads of C classes on d features, in float64.

    coef: [K, C, d] and intercept: [K, C], the logits being coef @ x + intercept.
    loss: [K], the objective F reached, penalty included.
    gap: [K], the certificate: F is at most this far above its minimum.
    iterations: of the solver, the slowest head's.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    loss: NDArray[np.float64]
    gap: NDArray[np.float64]
    iterations: int


def train_heads(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating],
    l2: float,
    n_classes: int | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
) -> TrainedHeads:
    """Train K heads on the same features and labels, one for each column of weights.

    features: float[n, d], standardised; labels: int[n] in [0, C); weights: float[n, K] ≥ 0, each column with sum 1;
    l2: λ > 0; n_classes: C ≥ 2, by default one more than the largest label;
    tolerance: every head ends with gap ≤ tolerance × loss.

    The result is a function of the input (and of the machine and its number of threads: sums may round differently).
    Raises BadArray for input that does not fit, NotConverged where a head misses the tolerance in max_iterations.
    """
    n_classes = _checked(features, labels, weights, l2, n_classes)
    with torch.inference_mode():
        problem = _Problem.of(features, labels, weights, l2, n_classes)
        balanced = problem.class_balanced()
        reference = _solve(balanced, balanced.zeros(), None, tolerance, max_iterations)
        start = reference.v.expand(-1, problem.weights.shape[1], -1).contiguous()
        solution = _solve(problem, start, problem.metric(reference.v), tolerance, max_iterations)
        coefficients = torch.einsum("cb,dkb->kcd", problem.basis, solution.v).numpy()
    return TrainedHeads(
        coef=coefficients[:, :, :-1].copy(),
        intercept=coefficients[:, :, -1].copy(),
        loss=solution.loss.numpy(),
        gap=solution.gap.numpy(),
        iterations=solution.iterations,
    )


@dataclass(frozen=True)
class _Problem:
    """K objectives over one set of images. A point V is [p, K, b], with p = d + 1 and b = C - 1."""

    x: Tensor  # [n, p], the last column is 1
    labels: Tensor  # [n]
    weights: Tensor  # [n, K]
    l2: float
    basis: Tensor  # [C, b], orthonormal columns, each orthogonal to (1, …, 1)

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        weights: NDArray[np.floating],
        l2: float,
        n_classes: int,
    ) -> "_Problem":
        x = torch.ones(len(features), features.shape[1] + 1, dtype=torch.float64)
        x[:, :-1] = torch.from_numpy(np.ascontiguousarray(features))
        return cls(
            x=x,
            labels=torch.from_numpy(labels.astype(np.int64)),
            weights=torch.from_numpy(weights.astype(np.float64)),
            l2=l2,
            basis=_zero_sum_basis(n_classes),
        )

    def class_balanced(self) -> "_Problem":
        """The same images with one head, whose weights give each class that has images the same mass."""
        counts = torch.bincount(self.labels, minlength=len(self.basis))
        weights = 1 / ((counts > 0).sum() * counts[self.labels])
        return _Problem(self.x, self.labels, weights[:, None].to(self.x), self.l2, self.basis)

    def zeros(self) -> Tensor:
        return self.x.new_zeros(self.x.shape[1], self.weights.shape[1], self.basis.shape[1])

    def logits(self, v: Tensor) -> Tensor:
        """[n, K, C]"""
        return _times(self.x, v) @ self.basis.T

    def data_loss(self, logits: Tensor) -> Tensor:
        """[K], the weighted cross-entropy."""
        of_label = logits[torch.arange(len(logits)), :, self.labels]
        loss: Tensor = (self.weights * (logits.logsumexp(2) - of_label)).sum(0)
        return loss

    def residuals(self, logits: Tensor) -> Tensor:
        """[n, K, C], the gradient of the weighted cross-entropy by the logits."""
        p = (logits - logits.logsumexp(2, keepdim=True)).exp()  # softmax, which is slow along a short dimension
        p[torch.arange(len(p)), :, self.labels] -= 1
        return p * self.weights[:, :, None]

    def gradient(self, v: Tensor, residuals: Tensor) -> Tensor:
        """[p, K, b], of the objective by V."""
        return _times(self.x.T, residuals @ self.basis) + self.l2 * v

    def metric(self, reference: Tensor) -> Tensor:
        """The Cholesky factor [p, p] of Xᵀ D X + λ I, with the mean curvature D of a class-balanced loss at a head.

        That is the exact Hessian for two classes; for more, the average of its blocks' diagonals.
        """
        p = self.logits(reference)[:, 0].softmax(1)
        curvature = (1 - (p * p).sum(1)) / self.basis.shape[1]
        d = self.class_balanced().weights[:, 0] * curvature
        hessian = self.x.T @ (self.x * d[:, None])
        hessian.diagonal().add_(self.l2)
        factor: Tensor = torch.linalg.cholesky(hessian)
        return factor


@dataclass(frozen=True)
class _Solution:
    v: Tensor  # [p, K, b]
    loss: Tensor  # [K]
    gap: Tensor  # [K]
    iterations: int


def _solve(problem: _Problem, v: Tensor, metric: Tensor | None, tolerance: float, max_iterations: int) -> _Solution:
    """Minimise every head's objective from V. A head that has its certificate stands still while others go on.

    Without a metric it is taken at V, and anew every _RENEWAL iterations: then this is Newton's method where L-BFGS
    alone would be slow, and meant for a single head.
    """
    history = _History(problem.metric(v) if metric is None else metric)
    logits = problem.logits(v)
    gradient = problem.gradient(v, problem.residuals(logits))
    for iteration in range(max_iterations + 1):
        loss = problem.data_loss(logits) + problem.l2 / 2 * _dot(v, v)
        gap = _dot(gradient, gradient) / (2 * problem.l2)
        unfinished = gap > tolerance * loss
        if not unfinished.any():
            return _Solution(v, loss, gap, iteration)
        if metric is None and iteration % _RENEWAL == _RENEWAL - 1:
            history = _History(problem.metric(v))
        direction = -history.apply(gradient) * unfinished[:, None]
        direction_logits = problem.logits(direction)
        step = _line_search(problem, v, logits, loss, direction, direction_logits, _dot(gradient, direction))
        v = v + step[:, None] * direction
        logits = logits + step[:, None] * direction_logits
        previous, gradient = gradient, problem.gradient(v, problem.residuals(logits))
        history.remember(step[:, None] * direction, gradient - previous)
    raise NotConverged(max_iterations, float((gap / loss).max()), tolerance)


def _line_search(
    problem: _Problem,
    v: Tensor,
    logits: Tensor,
    loss: Tensor,
    direction: Tensor,
    direction_logits: Tensor,
    slope: Tensor,
) -> Tensor:
    """A step [K] per head, 1 or halved, that lowers the objective: it needs no further product with the features.

    Near the minimum a difference of losses is rounding, so the slope at the new point decides (Hager and Zhang's
    approximate condition); the loss may then rise by no more than rounding.
    """
    v_dot_d, d_dot_d = _dot(v, direction), _dot(direction, direction)
    step = torch.ones_like(loss)
    for _ in range(_MAX_HALVINGS):
        moved = logits + step[:, None] * direction_logits
        penalty_change = problem.l2 * step * (v_dot_d + step / 2 * d_dot_d)
        new_loss = problem.data_loss(moved) + problem.l2 / 2 * _dot(v, v) + penalty_change
        new_slope = (problem.residuals(moved) * direction_logits).sum((0, 2)) + problem.l2 * (v_dot_d + step * d_dot_d)
        lowers = (new_slope <= -0.8 * slope) & (new_loss <= loss * (1 + 1e-13))
        if lowers.all():
            break
        step = torch.where(lowers, step, step / 2)
    return step


class _History:
    """The last steps and changes of gradient of every head, and the L-BFGS product with them."""

    def __init__(self, metric: Tensor) -> None:
        self._metric = metric
        self._pairs: list[tuple[Tensor, Tensor, Tensor]] = []

    def remember(self, step: Tensor, change: Tensor) -> None:
        """A head that stood still, or moved by rounding only, has 1 / (s·y) = 0: the pair then has no effect on it."""
        s_dot_y = _dot(step, change)
        usable = s_dot_y > 1e-300
        rho = torch.where(usable, 1 / s_dot_y.where(usable, torch.ones_like(s_dot_y)), 0.0)
        self._pairs = [*self._pairs[-_MEMORY + 1 :], (step, change, rho)]

    def apply(self, gradient: Tensor) -> Tensor:
        """The inverse Hessian, as known, times the gradient: the two-loop recursion, all heads at once."""
        q, alphas = gradient, []
        for step, change, rho in reversed(self._pairs):
            alpha = rho * _dot(step, q)
            q = q - alpha[:, None] * change
            alphas.append(alpha)
        q = torch.cholesky_solve(q.flatten(1), self._metric).reshape(q.shape)
        for (step, change, rho), alpha in zip(self._pairs, reversed(alphas), strict=True):
            q = q + (alpha - rho * _dot(change, q))[:, None] * step
        return q


def _times(matrix: Tensor, points: Tensor) -> Tensor:
    """[m, K, b], a matrix [m, p] times each column of points [p, K, b], in one product."""
    return (matrix @ points.flatten(1)).reshape(len(matrix), *points.shape[1:])


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """[K], the inner product of each head's points [p, K, b]."""
    product: Tensor = (a * b).sum((0, 2))
    return product


def _zero_sum_basis(n_classes: int) -> Tensor:
    """Helmert's contrasts [C, C - 1]: column j sets class j + 1 against the mean of the classes before it."""
    basis = torch.zeros(n_classes, n_classes - 1, dtype=torch.float64)
    for j in range(1, n_classes):
        basis[:j, j - 1] = -1 / (j * (j + 1)) ** 0.5
        basis[j, j - 1] = (j / (j + 1)) ** 0.5
    return basis


def _checked(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating],
    l2: float,
    n_classes: int | None,
) -> int:
    """The number of classes; raises BadArray for what does not fit."""
    if features.ndim != 2 or weights.ndim != 2 or labels.ndim != 1 or not len(labels):
        raise BadArray(
            f"features {features.shape}, labels {labels.shape} and weights {weights.shape} "
            "must be [n, d], [n] and [n, K] with n ≥ 1"
        )
    if not len(features) == len(labels) == len(weights) or not weights.shape[1]:
        raise BadArray(
            f"features {features.shape}, labels {labels.shape} and weights {weights.shape} must have one n, and K ≥ 1"
        )
    if not np.isfinite(features).all():
        raise BadArray("features must be finite")
    if not (weights >= 0).all() or not np.allclose(weights.sum(0, dtype=np.float64), 1, atol=1e-6):
        raise BadArray("each head's weights must be ≥ 0 and sum to 1")
    if not l2 > 0:
        raise BadArray(f"l2 must be positive, not {l2}")
    if n_classes is None:
        n_classes = int(labels.max()) + 1
    if n_classes < 2 or labels.min() < 0 or labels.max() >= n_classes:
        raise BadArray(f"labels must lie in [0, {n_classes}) and there must be two classes or more")
    return n_classes
