"""L-BFGS over many heads in lockstep; each head leaves when it is done.

All heads share one preconditioner, and steps are taken in its coordinates (`lbfgs`). z = V x is kept for every
image, so a step costs one product with the features, and its line search costs none.

Low precision is enough for these products, because they are products of *changes* only: of the step, and of the
residuals by the step. Both shrink on the way, and their rounding errors with them. A descent solves the same problem
with slightly different features, and a linear term that makes its gradient right at its start; `solver` corrects the
rest.

The last step of a head costs no pass: where the step before shrank the gap so much that another one should reach the
goal, it is taken, and the evaluation that follows says whether it did.
"""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from clarify_errors.tensors.linear_algebra.preconditioner import Preconditioner
from clarify_errors.tensors.retraining.lbfgs import Pairs
from clarify_errors.tensors.retraining.loss_weights import HeadWeights
from clarify_errors.tensors.retraining.objective import GradientSum, Point, dot, move_up
from clarify_errors.tensors.retraining.problem import Precision, Problem

_FLATTENED = 0.8  # a step of 1 is accepted if the upward slope there is at most this share of the downward one at 0
_SEARCH_FLATTENED = 0.1
_MAX_SEARCHES = 40
CAUTION = 4  # the next step may shrink a gap so many times less than the last one did

_Which = Tensor | slice  # heads, by an index, or all


@dataclass(frozen=True)
class Until:
    """When a descent ends.

    Attributes
    ----------
    gap : float64 Tensor of shape (K,)
        A head ends if its gap is at most this.
    iterations : int
        All heads end after this many.
    """

    gap: Tensor
    iterations: int


def descend(
    problem: Problem,
    weights: HeadWeights,
    start: Point,
    preconditioner: Preconditioner,
    precision: Precision,
    until: Until,
) -> tuple[Tensor, int]:
    """Lower every head's objective.

    A head also ends if a step no longer lowers it.

    Parameters
    ----------
    problem : Problem
    weights : HeadWeights
        Of K heads.
    start : Point
        What it keeps of the images is overwritten.
    preconditioner : Preconditioner
        In the precision's operands.
    precision : Precision
    until : Until

    Returns
    -------
    v : float64 Tensor of shape (K, b, p)
    iterations : int
    """
    moved = torch.zeros_like(start.found.gradient)
    heads, iterations = _Heads.at(start, weights, preconditioner, until.gap, problem.l2), 0
    while True:
        unfinished = heads.unfinished if iterations < until.iterations else torch.zeros_like(heads.stuck)
        if not unfinished.all():
            moved[heads.index[~unfinished]] = heads.ends(~unfinished, preconditioner).double()
            heads = heads.only(unfinished)
        if not len(heads.index):
            return start.v + moved, iterations
        heads = _step(problem, heads, preconditioner, precision)
        iterations += 1


@dataclass(frozen=True)
class _Heads:
    """State of the heads still on their way, in the precision's values; the first dimension is the head."""

    index: Tensor  # int64[K], among all heads
    stuck: Tensor  # bool[K]
    goal: Tensor  # float64[K]
    gap: Tensor  # float64[K]
    promised: Tensor  # float64[K], the gap that the next step leaves if it shrinks as by the last one, with caution
    data_loss: Tensor  # float64[K], of z
    v: Tensor  # [K, b, p], where the descent began
    moved: Tensor  # [K, b, p], since
    gradient: Tensor  # [K, b, p]
    scaled: Tensor  # [K, b, p], L⁻¹ gradient
    weights: HeadWeights
    z: Tensor  # [K, b, n]
    residuals: Tensor  # [K, b, n]
    dz: Tensor  # [K, b, n], memory for what a step changes in z
    pairs: Pairs  # in the coordinates of the preconditioner, as `scaled`

    @classmethod
    def at(
        cls, start: Point, weights: HeadWeights, preconditioner: Preconditioner, goal: Tensor, l2: float
    ) -> "_Heads":
        kept, device = start.kept, start.v.device
        gradient = start.found.gradient.to(kept.z.dtype)
        return cls(
            index=torch.arange(len(goal), device=device),
            stuck=torch.zeros(len(goal), dtype=torch.bool, device=device),
            goal=goal,
            data_loss=start.found.data_loss,
            v=start.v.to(gradient.dtype).expand_as(gradient),
            moved=torch.zeros_like(gradient),
            gradient=gradient,
            scaled=preconditioner.to_coordinates(gradient),
            gap=start.found.gap(l2),
            promised=torch.full_like(goal, torch.inf),
            weights=weights,
            z=kept.z,
            residuals=kept.residuals,
            dz=torch.empty_like(kept.z),
            pairs=Pairs(),
        )

    @property
    def unfinished(self) -> Tensor:
        return ~self.stuck & (torch.minimum(self.gap, self.promised) > self.goal)

    def ends(self, mask: Tensor, preconditioner: Preconditioner) -> Tensor:
        """Return where heads end: after one more step, which no pass evaluates, if the last was good."""
        step = preconditioner.from_coordinates(self.pairs.only(mask).times(self.scaled[mask]))
        goes_on = (~self.stuck & (self.promised < self.gap))[mask]
        return self.moved[mask] - step.where(goes_on[:, None, None], 0)

    def only(self, mask: Tensor) -> "_Heads":
        """Select heads by a mask. What is kept per image moves up in place, because a copy would be large."""
        moved_up = {name: move_up(getattr(self, name), mask) for name in ("z", "residuals")}
        small = [field.name for field in fields(self) if field.name not in (*moved_up, "dz", "weights", "pairs")]
        return _Heads(
            weights=self.weights.only(mask),
            pairs=self.pairs.only(mask),
            dz=self.dz[: len(moved_up["z"])],
            **moved_up,
            **{name: getattr(self, name)[mask] for name in small},
        )


def _step(problem: Problem, heads: _Heads, preconditioner: Preconditioner, precision: Precision) -> _Heads:
    """Do one iteration: a direction, a step of 1 or from the line search, and the gradient there."""
    scaled_direction = -heads.pairs.times(heads.scaled)
    direction = preconditioner.from_coordinates(scaled_direction)
    trial = _take(problem, heads, direction, precision)
    slope = trial.slope_before
    too_far = (trial.slope > _FLATTENED * -slope) | (trial.loss_change > precision.rounding * heads.data_loss)
    step = torch.ones_like(slope)
    if too_far.any():
        # An index copies what is kept of all images.
        which: _Which = slice(None) if too_far.all() else too_far.nonzero()[:, 0]
        step[which] = _search(problem, heads, trial, which)
        _go_back(problem, heads, trial, step, which, precision)
    length = step[:, None, None].to(precision.values)
    scaled = preconditioner.to_coordinates(trial.gradient)
    gap = dot(trial.gradient, trial.gradient) / (2 * problem.l2)
    promised = CAUTION * gap * (gap / heads.gap)
    return replace(
        heads,
        stuck=(slope >= 0) | (step == 0),
        data_loss=trial.data_loss,
        moved=torch.addcmul(heads.moved, length, direction),
        gradient=trial.gradient,
        gap=gap,
        # No precision follows float64, which would go on where a step that no pass evaluates disappoints.
        promised=promised if precision.shrinks else heads.promised,
        scaled=scaled,
        pairs=heads.pairs.and_then(length * scaled_direction, scaled - heads.scaled),
    )


@dataclass(frozen=True)
class _Trial:
    """A step of 1 of every head. Afterwards z and residuals are those of the new point."""

    direction: Tensor  # [K, b, p]
    slope_before: Tensor  # float64[K], along the direction where the step began
    dz: Tensor  # [K, b, n]
    data_loss: Tensor  # float64[K]
    loss_change: Tensor  # float64[K]
    gradient: Tensor  # [K, b, p]
    slope: Tensor  # float64[K]


def _take(problem: Problem, heads: _Heads, direction: Tensor, precision: Precision) -> _Trial:
    """Take a step of 1, in one pass over the features."""
    gradient_change = GradientSum(direction, precision.values)
    data_loss, data_slope = torch.zeros_like(heads.data_loss), torch.zeros_like(heads.data_loss)
    for block, change in problem.products(direction, precision.operands, precision.values, len(direction), heads.dz):
        rows = block.rows
        z, residuals = heads.z[..., rows], heads.residuals[..., rows]
        data_slope += dot(residuals, change)
        z += change
        loss, new_residuals = problem.loss_and_residuals(z, rows, heads.weights.of_rows(rows, precision.values))
        data_loss += loss
        gradient_change.add(new_residuals - residuals, block)
        residuals.copy_(new_residuals)
    gradient = heads.gradient + gradient_change.total() + problem.l2 * direction
    v_dot_d, d_dot_d = dot(heads.v + heads.moved, direction), dot(direction, direction)
    slope = dot(heads.gradient, direction)
    linear = slope - problem.l2 * v_dot_d - data_slope
    loss_change = data_loss - heads.data_loss + linear + problem.l2 * (v_dot_d + d_dot_d / 2)
    return _Trial(direction, slope, heads.dz, data_loss, loss_change, gradient, dot(gradient, direction))


def _search(problem: Problem, heads: _Heads, trial: _Trial, which: _Which) -> Tensor:
    """Find the step in [0, 1) at which each of these heads' losses is nearly flat; no product is needed.

    The loss is convex, so its slope is bracketed and found by secants. The slope at an end of the bracket that stays is
    halved each time (Illinois method); otherwise a loss that soon grows evenly would shrink the bracket too slowly.
    """
    penalty_slope = problem.l2 * dot(trial.direction, trial.direction)[which]
    low, low_slope = torch.zeros_like(penalty_slope), trial.slope_before[which]
    high, high_slope = torch.ones_like(low), trial.slope[which]
    enough = -_SEARCH_FLATTENED * low_slope
    was_too_far = torch.ones_like(low, dtype=torch.bool)
    for _ in range(_MAX_SEARCHES):
        share = (low_slope / (low_slope - high_slope)).nan_to_num(0.5).clamp(0.01, 0.99)
        step = low + share * (high - low)
        here = trial.slope[which] + (step - 1) * penalty_slope
        here += _data_slope_change(problem, heads, trial.dz, step - 1, which)
        flat, too_far = here.abs() <= enough, here > 0
        if flat.all():
            return step
        low_slope = torch.where(too_far, torch.where(was_too_far, low_slope / 2, low_slope), here)
        high_slope = torch.where(too_far, here, torch.where(was_too_far, high_slope, high_slope / 2))
        low, high = torch.where(flat | ~too_far, step, low), torch.where(flat | too_far, step, high)
        was_too_far = too_far
    return low


def _data_slope_change(problem: Problem, heads: _Heads, dz: Tensor, step: Tensor, which: _Which) -> Tensor:
    """Compute how a further step [K'] of these heads changes the slope of the data's loss along dz: float64[K']."""
    total, weights = torch.zeros_like(step), heads.weights.only(which)
    for rows in problem.chunks_of_logits(len(step)):
        change = dz[..., rows][which]
        z = heads.z[..., rows][which] + step.to(change.dtype)[:, None, None] * change
        _, residuals = problem.loss_and_residuals(z, rows, weights.of_rows(rows, z.dtype))
        total += dot(residuals - heads.residuals[..., rows][which], change)
    return total


def _go_back(problem: Problem, heads: _Heads, trial: _Trial, step: Tensor, which: _Which, precision: Precision) -> None:
    """Move these heads from a step of 1 to a shorter one: z, residuals, and the trial's gradient and data loss."""
    back, direction = (step[which] - 1)[:, None, None].to(precision.values), trial.direction[which]
    gradient_change, data_loss = GradientSum(direction, precision.values), torch.zeros_like(step[which])
    weights = heads.weights.only(which)
    for block in problem.blocks(len(back), precision.operands):
        rows = block.rows
        z = heads.z[..., rows][which] + back * trial.dz[..., rows][which]
        loss, residuals = problem.loss_and_residuals(z, rows, weights.of_rows(rows, precision.values))
        data_loss += loss
        change = residuals - heads.residuals[..., rows][which]
        gradient_change.add(change, block)
        heads.z[..., rows][which], heads.residuals[..., rows][which] = z, residuals
    trial.gradient[which] += gradient_change.total() + problem.l2 * back * direction
    trial.data_loss[which] = data_loss
