"""The objective of many heads over one set of images, evaluated by chunks of images in a chosen precision."""

from dataclasses import dataclass

import torch
from torch import Tensor

from modeling.tensors.retraining.blocks import Block
from modeling.tensors.retraining.loss_weights import LossWeights
from modeling.tensors.retraining.problem import Precision, Problem


@dataclass(frozen=True)
class ImageState:
    """What is known of every image: z = V x and the gradient of the loss by it, each [K, b, n]."""

    z: Tensor
    residuals: Tensor

    @classmethod
    def empty(cls, problem: Problem, n_heads: int, dtype: torch.dtype) -> "ImageState":
        shape = n_heads, problem.n_columns, len(problem.labels)
        return cls(*(torch.empty(shape, dtype=dtype, device=problem.features.device) for _ in range(2)))

    def first(self, n_heads: int) -> "ImageState":
        return ImageState(self.z[:n_heads], self.residuals[:n_heads])

    def only(self, heads: Tensor) -> "ImageState":
        """The same for some of the heads, by a mask, in the same memory: a copy would be large."""
        return ImageState(move_up(self.z, heads), move_up(self.residuals, heads))


@dataclass(frozen=True)
class Evaluation:
    """At V, all float64. data_loss: [K], without penalty; loss: [K] and gradient: [K, b, p], with it."""

    data_loss: Tensor
    loss: Tensor
    gradient: Tensor

    def gap(self, l2: float) -> Tensor:
        """The certificate, [K]: F(V) - min F ≤ ‖∇F(V)‖² / (2λ), as F is λ-strongly convex."""
        return dot(self.gradient, self.gradient) / (2 * l2)

    def only(self, heads: Tensor) -> "Evaluation":
        """The same for some of the heads, by a mask."""
        return Evaluation(self.data_loss[heads], self.loss[heads], self.gradient[heads])


def evaluate(
    problem: Problem,
    weights: LossWeights,
    v: Tensor,
    dtype: torch.dtype,
    z_kept: Tensor | None = None,
    residuals_kept: Tensor | None = None,
) -> Evaluation:
    """F_k(V) = Σ_i w_ik · cross-entropy + λ/2 ‖V_k‖² and its gradient, in `dtype`.

    v: [K, b, p], or [1, b, p] for heads that are all at one point; z = V x, and the residuals, which are the gradient
    of the loss by z, are written to what is given for them, [K, b, n].
    """
    everywhere = v.expand(len(weights), -1, -1)
    data_loss, data_gradient = torch.zeros_like(everywhere[:, 0, 0]), GradientSum(everywhere, dtype)
    for block, z in problem.products(v, dtype, dtype, len(weights)):
        rows = block.rows
        loss, residuals = problem.loss_and_residuals(z, rows, weights.of_rows(rows, dtype))
        if z_kept is not None:
            z_kept[..., rows] = z
        if residuals_kept is not None:
            residuals_kept[..., rows] = residuals
        data_loss += loss
        data_gradient.add(residuals, block)
    gradient = data_gradient.total().double() + problem.l2 * v
    return Evaluation(data_loss, data_loss + problem.l2 / 2 * dot(v, v), gradient)


def evaluate_known(
    problem: Problem, weights: LossWeights, v: Tensor, z: Tensor, operands: torch.dtype
) -> tuple[Evaluation, ImageState]:
    """The same of all heads at V [1, b, p] where z = V x is known, [1, b, n], with a product of `operands`.

    The residuals that are kept are not weighted: they are the same for all heads.
    """
    everywhere = v.expand(len(weights), -1, -1)
    data_loss, data_gradient = torch.zeros_like(everywhere[:, 0, 0]), GradientSum(everywhere, z.dtype)
    losses, residuals = problem.cross_entropy.of_images(z, problem.labels)
    for block in problem.blocks(len(weights), operands):
        weights_here = weights.of_rows(block.rows, z.dtype)
        data_loss += (weights_here * losses[:, block.rows]).sum(1)
        data_gradient.add(residuals[..., block.rows] * weights_here[:, None], block)
    gradient = data_gradient.total().double() + problem.l2 * v
    return Evaluation(data_loss, data_loss + problem.l2 / 2 * dot(v, v), gradient), ImageState(z, residuals)


def evaluate_change(
    problem: Problem,
    weights: LossWeights,
    v: Tensor,
    at: ImageState,
    start: Evaluation,
    step: Tensor,
    precision: Precision,
) -> tuple[Evaluation, ImageState]:
    """What a step [1, b, p] from V [1, b, p] of all heads makes of an evaluation there, and of what is kept [1, b, n].

    The residuals that are kept are not weighted: they are the same for all heads. Only the step, and the residuals'
    change by it, are multiplied in the precision's operands.
    """
    data_loss, gradient_change = torch.zeros_like(start.data_loss), GradientSum(start.gradient, precision.values)
    there = ImageState(torch.empty_like(at.z), torch.empty_like(at.residuals))
    for block, change in problem.products(step, precision.operands, precision.values, len(weights)):
        rows, weights_here = block.rows, weights.of_rows(block.rows, precision.values)
        there.z[..., rows] = at.z[..., rows] + change
        losses, there.residuals[..., rows] = problem.cross_entropy.of_images(there.z[..., rows], problem.labels[rows])
        data_loss += (weights_here * losses).sum(1)
        gradient_change.add((there.residuals[..., rows] - at.residuals[..., rows]) * weights_here[:, None], block)
    gradient = start.gradient + gradient_change.total() + problem.l2 * step
    return Evaluation(data_loss, data_loss + problem.l2 / 2 * dot(v + step, v + step), gradient), there


class GradientSum:
    """Σ over blocks of residuals [K, b, m] times features [m, d], and 1 for the bias: [K, b, p]."""

    def __init__(self, v: Tensor, dtype: torch.dtype) -> None:
        self._shape = v.shape
        self._coef = torch.zeros(v[..., :-1].flatten(0, 1).shape, dtype=dtype, device=v.device)
        self._bias = torch.zeros(v.shape[:2], dtype=torch.float64, device=v.device)

    def add(self, residuals: Tensor, block: Block) -> None:
        """The product is taken in the precision of the block, and summed in that of the sum."""
        self._coef += block.gradient(residuals.flatten(0, 1))
        self._bias += residuals.sum(2)

    def total(self) -> Tensor:
        """[K, b, p], in the precision of the sum."""
        coef = self._coef.view(*self._shape[:2], -1)
        return torch.cat([coef, self._bias.to(coef.dtype)[..., None]], 2)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """float64[K], the inner product of each head's points [K, b, p]."""
    return (a * b).sum((1, 2)).double()


def move_up(value: Tensor, mask: Tensor) -> Tensor:
    """value[mask], in the memory of value."""
    kept = mask.nonzero()[:, 0].tolist()
    for to, source in enumerate(kept):
        if to != source:
            value[to] = value[source]
    return value[: len(kept)]
