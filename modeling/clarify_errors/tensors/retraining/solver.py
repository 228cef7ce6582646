"""Minimises many heads' objectives to a certificate: fast descents, corrected by exact evaluations.

This is iterative refinement. A descent solves the problem with slightly wrong features but the right gradient at its
start, so the next evaluation finds an error that is smaller by orders of magnitude. If it does not, the next precision
follows. Only an evaluation in float64 certifies a head.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from clarify_errors.arrays.common.modeling_errors import NotConverged
from clarify_errors.tensors.linear_algebra.matrix_products import multiplies_bfloat16
from clarify_errors.tensors.linear_algebra.preconditioner import Preconditioner
from clarify_errors.tensors.retraining.balanced_point import BalancedPoint
from clarify_errors.tensors.retraining.descent import Until, descend
from clarify_errors.tensors.retraining.loss_weights import HeadWeights
from clarify_errors.tensors.retraining.objective import Evaluation, ImageState, Point, evaluate
from clarify_errors.tensors.retraining.problem import Precision, Problem

_HALF = Precision(operands=torch.bfloat16, values=torch.float32, shrinks=1e-5, max_iterations=40)
_SINGLE = Precision(operands=torch.float32, values=torch.float32, shrinks=1e-9, max_iterations=40)
_DOUBLE = Precision(operands=torch.float64, values=torch.float64, shrinks=0, max_iterations=500)


@dataclass(frozen=True)
class Start:
    """Where heads start.

    Attributes
    ----------
    v : float64 Tensor of shape (b, p)
    preconditioner : Preconditioner
    evaluated : BalancedPoint or None
        The same point, if it was evaluated before.
    """

    v: Tensor
    preconditioner: Preconditioner
    evaluated: BalancedPoint | None = None


PROGRESS = 0.5  # each correction must shrink the worst gap to less than this share, or the precision is exhausted
GOAL = 0.5  # share of the tolerance that a descent aims at, so that the next evaluation agrees


@dataclass(frozen=True)
class Solution:
    """Solution of K heads.

    Attributes
    ----------
    v : float64 Tensor of shape (K, b, p)
    loss : float64 Tensor of shape (K,)
    gap : float64 Tensor of shape (K,)
    iterations : int
        Of all descents together.
    """

    v: Tensor
    loss: Tensor
    gap: Tensor
    iterations: int


def solve(
    problem: Problem,
    weights: HeadWeights,
    start: Start,
    tolerance: float,
    max_iterations: int,
) -> Solution:
    """Minimise every head from one point, to gap ≤ tolerance × loss.

    Parameters
    ----------
    problem : Problem
    weights : HeadWeights
        Of K heads.
    start : Start
    tolerance : float
    max_iterations : int

    Returns
    -------
    Solution

    Raises
    ------
    NotConverged
        If a head misses `tolerance`.
    """
    heads = _Heads(problem, weights, start, tolerance)
    for precision in precisions(problem.features):
        memory = ImageState.empty(problem, len(heads.pending), precision.values)
        worst = torch.inf
        while True:
            at = heads.evaluate(memory)
            if not len(heads.pending):
                return Solution(heads.v, heads.loss, heads.gap, heads.iterations)
            worst_before, worst = worst, heads.worst()
            if heads.iterations >= max_iterations:
                raise NotConverged(heads.iterations, worst, tolerance, max_iterations)
            if not worst < PROGRESS * worst_before:  # also for NaN, and for a gap that stays infinite
                break
            most = min(max_iterations - heads.iterations, precision.max_iterations)
            heads.descend(at, start.preconditioner.to(precision.operands), precision, most)
    raise NotConverged(heads.iterations, worst, tolerance, max_iterations)


class _Heads:
    """State of all heads: where each is, and its last evaluation. A head is pending until float64 certifies it."""

    def __init__(self, problem: Problem, weights: HeadWeights, start: Start, tolerance: float) -> None:
        self.problem, self.weights, self.start, self.tolerance = problem, weights, start, tolerance
        self.v, self.iterations = start.v.repeat(len(weights), 1, 1), 0
        self.loss = torch.zeros_like(self.v[:, 0, 0])
        self.gap = torch.full_like(self.loss, torch.inf)
        self.pending = torch.arange(len(self.v), device=self.v.device)
        self.check = problem.features.dtype  # the precision of evaluations

    def worst(self) -> float:
        """Return the largest gap of a pending head, as a share of its loss."""
        return float((self.gap / self.loss)[self.pending].max())

    def evaluate(self, memory: ImageState) -> Point:
        """Evaluate the pending heads; return the point of those still pending."""
        kept = memory.first(len(self.pending))
        found = self._first(kept) or self._evaluation(kept)
        gap = found.gap(self.problem.l2)
        self.loss[self.pending], self.gap[self.pending] = found.loss, gap
        solved = (gap <= self.tolerance * found.loss) & (self.check == torch.float64)  # False for NaN
        self.pending = self.pending[~solved]
        return Point(self.v[self.pending], found.only(~solved), kept.only(~solved))

    def _first(self, kept: ImageState) -> Evaluation | None:
        """Return the evaluation of all heads where they start, from one that is known; it certifies nothing."""
        known = self.start.evaluated if self.check != torch.float64 and not self.iterations else None
        return known.with_weights(self.weights, kept) if known else None

    def _evaluation(self, kept: ImageState) -> Evaluation:
        here = self.v[self.pending] if self.iterations else self.start.v[None]
        return evaluate(self.problem, self.weights.only(self.pending), here, self.check, kept)

    def descend(self, at: Point, preconditioner: Preconditioner, precision: Precision, max_iterations: int) -> None:
        """Lower the pending heads from their last evaluation: to the tolerance, or as far as the precision allows."""
        goal = torch.maximum(GOAL * self.tolerance * self.loss, precision.shrinks * self.gap)[self.pending]
        weights, until = self.weights.only(self.pending), Until(goal, max_iterations)
        self.v[self.pending], iterations = descend(self.problem, weights, at, preconditioner, precision, until)
        self.iterations += iterations
        if (goal <= self.tolerance * self.loss[self.pending]).all():
            self.check = torch.float64  # the descent aimed at the tolerance itself


def precisions(features: Tensor) -> Sequence[Precision]:
    """List the precisions to use, fast ones first.

    Parameters
    ----------
    features : Tensor
        float64 features use float64 only.

    Returns
    -------
    sequence of Precision
    """
    if features.dtype == torch.float64:
        return (_DOUBLE,)
    return (_HALF, _SINGLE, _DOUBLE) if multiplies_bfloat16(features.device) else (_SINGLE, _DOUBLE)
