"""Minimises many heads' objectives to a certificate: descents in quick precision, corrected by exact evaluations.

This is iterative refinement. A descent solves the problem with slightly wrong features but the right gradient at its
start, so the next evaluation finds an error that is smaller by orders; where it does not, the next precision follows.
Only an evaluation in float64 certifies a head.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from modeling.errors import NotConverged
from modeling.products import multiplies_bfloat16
from modeling.retraining.descent import descend
from modeling.retraining.lbfgs import Pairs
from modeling.retraining.loss_weights import HeadWeights
from modeling.retraining.metric import Metric
from modeling.retraining.objective import ImageState, evaluate
from modeling.retraining.problem import Precision, Problem

_HALF = Precision(operands=torch.bfloat16, values=torch.float32, shrinks=1e-5, patience=40)
_SINGLE = Precision(operands=torch.float32, values=torch.float32, shrinks=1e-9, patience=40)
_DOUBLE = Precision(operands=torch.float64, values=torch.float64, shrinks=0, patience=500)

PROGRESS = 0.5  # the worst gap must shrink by this with every correction, or the precision is exhausted
GOAL = 0.5  # of the tolerance, so that the next evaluation agrees


@dataclass(frozen=True)
class Solution:
    """v: float64[K, b, p]; loss and gap: float64[K]; iterations: of all descents together."""

    v: Tensor
    loss: Tensor
    gap: Tensor
    iterations: int


def solve(
    problem: Problem, weights: HeadWeights, start: Tensor, metric: Metric, tolerance: float, max_iterations: int
) -> Solution:
    """Minimise every head from one point [b, p], to gap ≤ tolerance × loss.

    Raises NotConverged.
    """
    v, iterations = start.repeat(len(weights), 1, 1), 0
    loss, gap = torch.zeros_like(v[:, 0, 0]), torch.full_like(v[:, 0, 0], torch.inf)
    pending, check = torch.arange(len(v), device=v.device), problem.features.dtype
    for precision in precisions(problem.features):
        worst, descent = torch.inf, None
        memory = ImageState.empty(problem, len(pending), precision.values)
        while True:
            here = v[pending] if iterations else start[None]
            kept = memory.first(len(pending))
            found = evaluate(problem, weights.only(pending), here, check, kept.z, kept.residuals)
            loss[pending], gap[pending] = found.loss, found.gap(problem.l2)
            unsolved = ~(found.gap(problem.l2) <= tolerance * found.loss)  # NaN is not
            if check == torch.float64 and not unsolved.any():
                return Solution(v, loss, gap, iterations)
            pairs = descent.pairs() if descent else Pairs()
            if check == torch.float64:
                pending, pairs = pending[unsolved], pairs.only(unsolved)
                found, kept = found.only(unsolved), kept.only(unsolved)
            worst_before, worst = worst, float((gap / loss)[pending].max())
            if iterations >= max_iterations:
                raise NotConverged(iterations, worst, tolerance)
            if not worst < PROGRESS * worst_before:  # neither NaN nor what stays infinite is
                break
            goal = torch.maximum(GOAL * tolerance * loss, precision.shrinks * gap)[pending]
            descent = descend(
                problem,
                weights.only(pending),
                v[pending],
                found,
                kept,
                metric.to(precision.operands),
                precision,
                goal,
                min(max_iterations - iterations, precision.patience),
                pairs,
            )
            v[pending] = descent.v
            iterations += descent.iterations
            if (goal <= tolerance * loss[pending]).all():
                check = torch.float64  # the descent aimed at the tolerance itself
    raise NotConverged(iterations, worst, tolerance)


def precisions(features: Tensor) -> Sequence[Precision]:
    """The precisions to go through, quick ones first. Features in float64 are worth float64 throughout."""
    if features.dtype == torch.float64:
        return (_DOUBLE,)
    return (_HALF, _SINGLE, _DOUBLE) if multiplies_bfloat16(features.device) else (_SINGLE, _DOUBLE)
