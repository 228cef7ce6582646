"""Training of one head for the worst group (worst-class, worst-slice, Group DRO), to a certificate.

For groups g with mean cross-entropy L_g, the objective max_g L_g(W) + λ/2 ‖W‖² is convex and not smooth. With weights q
on the groups, F_q(W) = Σ_g q_g L_g(W) + λ/2 ‖W‖² lies below it everywhere, and is λ-strongly convex, so that

    max_g L_g(W) + λ/2 ‖W‖² - optimum ≤ max_g L_g(W) + λ/2 ‖W‖² - F_q(W) + ‖∇F_q(W)‖² / (2λ)    for every q: the gap.

A step minimises the larger of the groups' linear models plus a curvature that they share. By duality that is a
quadratic in q, as small as the number of groups. The curvature is that of the class-balanced head, corrected by what
the last steps showed of F_q's. q settles, and the method is then a quasi-Newton method for F_q.
See docs/analysts/methods.md.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clarify_errors.arrays.common.modeling_errors import NotConverged
from clarify_errors.tensors.linear_algebra.preconditioner import Preconditioner
from clarify_errors.tensors.linear_algebra.simplex import simplex_maximiser
from clarify_errors.tensors.retraining.input_checks import (
    check_groups,
    check_problem,
    check_tolerance,
    check_values,
    naming_bad_values,
)
from clarify_errors.tensors.retraining.lbfgs import Pairs
from clarify_errors.tensors.retraining.loss_weights import GroupMeans
from clarify_errors.tensors.retraining.objective import (
    GradientSum,
    ImageState,
    Point,
    dot,
    evaluate_change,
    evaluate_known,
)
from clarify_errors.tensors.retraining.problem import Precision, Problem
from clarify_errors.tensors.retraining.solver import GOAL, PROGRESS, precisions
from clarify_errors.tensors.retraining.warm_start import WarmStart, start_of

_SUFFICIENT = 1e-3  # share of the decrease that the model predicts
_MIN_STEP = 1e-6
_LOOSE = 5e-3  # from this tolerance on, the first gradients and the preconditioner may be rounded as the features are


@dataclass(frozen=True)
class TrainedWorstGroup:
    """A head of C classes on d features, from `train_worst_group`.

    Attributes
    ----------
    coef : float64 ndarray of shape (C, d)
        The logits are coef @ x + intercept.
    intercept : float64 ndarray of shape (C,)
    loss : float
        The objective that was reached, max_g L_g + λ/2 ‖W‖².
    gap : float
        Certificate: the objective is at most this far above its minimum.
    groups : int64 ndarray of shape (G,)
        Ids of the groups that have images, ascending.
    group_loss : float64 ndarray of shape (G,)
        L_g.
    q : float64 ndarray of shape (G,)
        Weights ≥ 0 of the groups, with sum 1, for which the gap is certified. The head nearly minimises
        Σ_g q_g L_g + λ/2 ‖W‖².
    iterations : int
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    loss: float
    gap: float
    groups: NDArray[np.int64]
    group_loss: NDArray[np.float64]
    q: NDArray[np.float64]
    iterations: int


def train_worst_group(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    groups: NDArray[np.integer],
    l2: float,
    *,
    n_classes: int | None = None,
    tolerance: float = 1e-6,
    max_iterations: int = 500,
    start: WarmStart | None = None,
    device: str | torch.device = "cpu",
) -> TrainedWorstGroup:
    """Minimise the largest mean cross-entropy of any group, plus the penalty.

    Parameters
    ----------
    features : float ndarray of shape (n, d)
        Standardised, at most 1e6 in absolute value.
    labels : int ndarray of shape (n,)
        Classes in [0, C); at least two occur.
    groups : int ndarray of shape (n,)
        Ids ≥ 0: the labels (worst-class), `slice_ids` (worst-slice) or `group_ids` (Group DRO).
    l2 : float
        Penalty λ > 0; it includes the bias.
    n_classes : int, optional
        C ≥ 2. Default: largest label + 1.
    tolerance : float, default 1e-6
        Largest accepted gap / loss.
    max_iterations : int, default 500
    start : WarmStart, optional
        From `prepare_start` with the same features, labels, `l2` and `n_classes`.
    device : str or torch.device, default "cpu"

    Returns
    -------
    TrainedWorstGroup

    Raises
    ------
    BadArray
        If an input has a wrong shape, type or range.
    NotConverged
        If the head misses `tolerance`.
    """
    n_classes = check_problem(features, labels, l2, n_classes)
    if start is None or not start.caches(features):
        check_values(features)
    check_groups(groups, len(labels))
    check_tolerance(tolerance)
    with torch.inference_mode(), naming_bad_values(features):
        problem = Problem.of(features, labels, l2, n_classes, device)
        start, problem = (start_of(problem), problem) if start is None else start.matched_to(problem)
        weights = GroupMeans.of(groups, problem.labels.device)
        v, certificate, iterations = _solve(problem, weights, start, tolerance, max_iterations)
        coefficients = problem.cross_entropy.rows(v)[0].cpu().numpy()
    return TrainedWorstGroup(
        coef=coefficients[:, :-1].copy(),
        intercept=coefficients[:, -1].copy(),
        loss=certificate.loss,
        gap=certificate.gap,
        groups=weights.ids,
        group_loss=certificate.group_loss,
        q=certificate.q,
        iterations=iterations,
    )


@dataclass(frozen=True)
class _Certificate:
    """For a head: the objective, how far above the optimum it can be, the groups' losses, and the q that proves it."""

    loss: float
    gap: float
    group_loss: NDArray[np.float64]
    q: NDArray[np.float64]


def certify(problem: Problem, groups: GroupMeans, v: Tensor, q: NDArray[np.float64]) -> _Certificate:
    """Bound how far a point is from the optimum of the worst group's loss.

    The bound is max_g L_g - Σ_g q_g L_g + ‖∇F_q‖² / (2λ), with one gradient: that of the groups mixed by q.

    Parameters
    ----------
    problem : Problem
    groups : GroupMeans
    v : float64 Tensor of shape (1, b, p)
        Free rows of the head, in the coordinates of `problem`.
    q : ndarray of shape (G,)
        Weights of the groups, ≥ 0 with sum 1.

    Returns
    -------
    _Certificate
        In float64.
    """
    mixture, mean = groups.mixed(q), torch.zeros(len(groups), dtype=torch.float64, device=v.device)
    data_gradient = GradientSum(v, torch.float64)
    for block, z in problem.products(v, torch.float64, torch.float64, 1):
        losses, residuals = problem.cross_entropy.of_images(z, problem.labels[block.rows])
        mean += (groups.of_rows(block.rows, torch.float64) * losses).sum(1)
        data_gradient.add(residuals * mixture[block.rows], block)
    group_loss, penalty = mean.cpu().numpy(), problem.l2 / 2 * float(dot(v, v))
    gradient = data_gradient.total() + problem.l2 * v
    gap = group_loss.max() - q @ group_loss + float(dot(gradient, gradient)) / (2 * problem.l2)
    return _Certificate(float(group_loss.max()) + penalty, float(gap), group_loss, q)


@dataclass(frozen=True)
class _Point:
    """A head, its evaluation, and its certificate."""

    here: Point  # V [1, b, p], the evaluation of every group, and what is kept [1, b, n], not weighted
    preconditioner: Preconditioner
    loss: float
    gap: float
    q: NDArray[np.float64]

    @cached_property
    def gradients(self) -> Tensor:
        """Return the groups' gradients in the coordinates of the preconditioner, [G, b, p]."""
        return self.preconditioner.to_coordinates(self.here.found.gradient.to(self.here.kept.z.dtype))


class _Method:
    """Steps in one precision; only changes by a step are multiplied in it, as in `descent`."""

    def __init__(
        self, problem: Problem, weights: GroupMeans, preconditioner: Preconditioner, precision: Precision
    ) -> None:
        self.problem, self.weights, self.preconditioner, self.precision = problem, weights, preconditioner, precision

    def at(self, v: Tensor, z: Tensor, operands: torch.dtype) -> _Point:
        """Evaluate every group where z = V x, [1, b, n], in the precision of z, with a product of these operands."""
        here, values = evaluate_known(self.problem, self.weights, v, z, operands), self.precision.values
        kept = ImageState(here.kept.z.to(values), here.kept.residuals.to(values))
        return self._point(replace(here, kept=kept), None)

    def after(self, at: _Point, step: Tensor) -> _Point:
        """Evaluate what a step [1, b, p] changes."""
        return self._point(evaluate_change(self.problem, self.weights, at.here, step, self.precision), at.q)

    def _point(self, here: Point, near: NDArray[np.float64] | None) -> _Point:
        """Find the q with the smallest gap: it maximises qᵀF - ‖Jᵀq‖² / (2λ).

        F are the groups' losses, J their gradients.
        """
        losses, gradients = here.found.loss.cpu().numpy(), here.found.gradient.flatten(1)
        curvature = (gradients @ gradients.T / self.problem.l2).cpu().numpy()
        q = simplex_maximiser(losses, curvature, near)
        gap = float(losses.max() - q @ losses + max(q @ curvature @ q, 0) / 2)  # rounding can make the last term < 0
        return _Point(here, self.preconditioner, float(losses.max()), gap, q)

    def step(self, at: _Point, pairs: Pairs) -> tuple[_Point, Pairs] | None:
        """Find the minimum of max_g (F_g + J_gᵀ D) + ½ Dᵀ H D, or a shorter step that lowers the loss.

        Its dual is max_q qᵀF - ½ ‖Jᵀq‖² in the preconditioner H⁻¹, and D = -H⁻¹ Jᵀ q. Return None if no step lowers
        the loss by more than rounding.
        """
        losses, solved = at.here.found.loss.cpu().numpy(), pairs.times(at.gradients)
        curvature = (at.gradients.flatten(1) @ solved.flatten(1).T).double().cpu().numpy()
        q = simplex_maximiser(losses, (curvature + curvature.T) / 2, at.q)
        promised = at.loss - (q @ losses - q @ curvature @ q / 2)
        mixture = torch.from_numpy(q).to(at.gradients)[:, None, None]
        step = -(mixture * solved).sum(0, keepdim=True)
        direction, length = self.preconditioner.from_coordinates(step).double(), 1.0
        if promised <= torch.finfo(self.precision.values).eps * at.loss:
            return None
        while length > _MIN_STEP:
            there = self.after(at, length * direction)
            if there.loss <= at.loss - _SUFFICIENT * length * promised:
                change = (mixture * (there.gradients - at.gradients)).sum(0, keepdim=True)
                return there, pairs.and_then(length * step, change)
            length /= 2
        return None

    def descend(self, at: _Point, tolerance: float, max_iterations: int) -> tuple[_Point, int]:
        """Step until the gap is within the tolerance or at the limit of the precision, or no step or iteration is left.

        Return the point and the number of iterations.
        """
        pairs, iterations, least = Pairs(), 0, self.precision.shrinks * at.gap
        while at.gap > max(GOAL * tolerance * at.loss, least) and iterations < max_iterations:
            lower = self.step(at, pairs)
            iterations += 1
            if lower is None:
                break
            at, pairs = lower
        return at, iterations


def _solve(
    problem: Problem, weights: GroupMeans, start: WarmStart, tolerance: float, max_iterations: int
) -> tuple[Tensor, _Certificate, int]:
    """Alternate descents and full evaluations in ever higher precision, as in `solver`; only float64 certifies."""
    v, check, iterations = start.reference[None], problem.features.dtype, 0
    known: Tensor | None = start.logits(problem)
    for precision in precisions(problem.features):
        rounded = precision.operands if tolerance >= _LOOSE else precision.values
        method, gap_before = _Method(problem, weights, start.preconditioner.to(rounded), precision), np.inf
        while True:
            z, operands = (problem.logits(v, check), check) if known is None else (known, rounded)
            at = method.at(v, z, operands)
            if iterations >= max_iterations:
                raise NotConverged(iterations, at.gap / at.loss, tolerance, max_iterations)
            if not at.gap < PROGRESS * gap_before:  # also for NaN
                break
            # Known logits may come from features that have changed in memory since.
            gap_before, known = at.gap if known is None else np.inf, None
            reached, used = method.descend(at, tolerance, min(max_iterations - iterations, precision.max_iterations))
            v, iterations = reached.here.v, iterations + used
            if precision.shrinks * at.gap <= tolerance * reached.loss:  # the descent aimed at the tolerance itself
                certificate = certify(problem, weights, v, reached.q)
                if certificate.gap <= tolerance * certificate.loss:
                    return v, certificate, iterations
                check = torch.float64
    raise NotConverged(iterations, at.gap / at.loss, tolerance, max_iterations)
