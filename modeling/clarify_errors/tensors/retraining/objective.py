"""Objective of many heads over one set of images, evaluated by chunks of images in a chosen precision."""

from dataclasses import dataclass

import torch
from torch import Tensor

from clarify_errors.tensors.retraining.blocks import Block
from clarify_errors.tensors.retraining.loss_weights import LossWeights
from clarify_errors.tensors.retraining.problem import Precision, Problem


@dataclass(frozen=True)
class ImageState:
    """State of every image.

    Attributes
    ----------
    z : Tensor of shape (K, b, n)
        V x.
    residuals : Tensor of shape (K, b, n)
        Gradient of the loss by z.
    """

    z: Tensor
    residuals: Tensor

    @classmethod
    def empty(cls, problem: Problem, n_heads: int, dtype: torch.dtype) -> "ImageState":
        """Allocate the state of K heads.

        Parameters
        ----------
        problem : Problem
        n_heads : int
            K.
        dtype : torch.dtype

        Returns
        -------
        ImageState
        """
        shape = n_heads, problem.n_columns, len(problem.labels)
        return cls(*(torch.empty(shape, dtype=dtype, device=problem.features.device) for _ in range(2)))

    def first(self, n_heads: int) -> "ImageState":
        """Return the state of the first heads, in the same memory.

        Parameters
        ----------
        n_heads : int

        Returns
        -------
        ImageState
        """
        return ImageState(self.z[:n_heads], self.residuals[:n_heads])

    def only(self, heads: Tensor) -> "ImageState":
        """Select heads in the same memory, because a copy would be large.

        Parameters
        ----------
        heads : bool Tensor of shape (K,)

        Returns
        -------
        ImageState
        """
        return ImageState(move_up(self.z, heads), move_up(self.residuals, heads))


@dataclass(frozen=True)
class Evaluation:
    """Objective at V, in float64.

    Attributes
    ----------
    data_loss : float64 Tensor of shape (K,)
        Without penalty.
    loss : float64 Tensor of shape (K,)
        With penalty.
    gradient : float64 Tensor of shape (K, b, p)
        With penalty.
    """

    data_loss: Tensor
    loss: Tensor
    gradient: Tensor

    def gap(self, l2: float) -> Tensor:
        """Compute the certificate: F(V) - min F ≤ ‖∇F(V)‖² / (2λ).

        Parameters
        ----------
        l2 : float
            λ.

        Returns
        -------
        Tensor of shape (K,)
        """
        return dot(self.gradient, self.gradient) / (2 * l2)

    @classmethod
    def of(cls, data_loss: Tensor, gradient: Tensor, v: Tensor, l2: float) -> "Evaluation":
        """Add the penalty to the loss of the data.

        Parameters
        ----------
        data_loss : float64 Tensor of shape (K,)
        gradient : float64 Tensor of shape (K, b, p)
            It has the penalty already.
        v : float64 Tensor of shape (K, b, p) or (1, b, p)
        l2 : float
            λ.

        Returns
        -------
        Evaluation
        """
        return cls(data_loss, data_loss + l2 / 2 * dot(v, v), gradient)

    def only(self, heads: Tensor) -> "Evaluation":
        """Select heads.

        Parameters
        ----------
        heads : bool Tensor of shape (K,)

        Returns
        -------
        Evaluation
        """
        return Evaluation(self.data_loss[heads], self.loss[heads], self.gradient[heads])


@dataclass(frozen=True)
class Point:
    """A point of K heads, and what is known there.

    Attributes
    ----------
    v : float64 Tensor of shape (K, b, p) or (1, b, p)
        One entry on the first axis if all heads are at one point.
    found : Evaluation
    kept : ImageState
    """

    v: Tensor
    found: Evaluation
    kept: ImageState


def evaluate(
    problem: Problem,
    weights: LossWeights,
    v: Tensor,
    dtype: torch.dtype,
    kept: ImageState | None = None,
) -> Evaluation:
    """Compute F_k(V) = Σ_i w_ik · cross-entropy + λ/2 ‖V_k‖² and its gradient.

    Parameters
    ----------
    problem : Problem
    weights : LossWeights
        Of K heads.
    v : float64 Tensor of shape (K, b, p) or (1, b, p)
        One entry on the first axis if all heads are at one point.
    dtype : torch.dtype
        Precision to compute in.
    kept : ImageState, optional
        Receives z = V x and the residuals.

    Returns
    -------
    Evaluation
    """
    everywhere = v.expand(len(weights), -1, -1)
    data_loss, data_gradient = torch.zeros_like(everywhere[:, 0, 0]), GradientSum(everywhere, dtype)
    for block, z in problem.products(v, dtype, dtype, len(weights)):
        rows = block.rows
        loss, residuals = problem.loss_and_residuals(z, rows, weights.of_rows(rows, dtype))
        if kept is not None:
            kept.z[..., rows], kept.residuals[..., rows] = z, residuals
        data_loss += loss
        data_gradient.add(residuals, block)
    return Evaluation.of(data_loss, data_gradient.total().double() + problem.l2 * v, v, problem.l2)


def evaluate_known(problem: Problem, weights: LossWeights, v: Tensor, z: Tensor, operands: torch.dtype) -> Point:
    """Evaluate all heads at one point where z is known.

    Parameters
    ----------
    problem : Problem
    weights : LossWeights
        Of K heads.
    v : float64 Tensor of shape (1, b, p)
    z : Tensor of shape (1, b, n)
        V x.
    operands : torch.dtype
        Precision of the product with the features.

    Returns
    -------
    Point
        The residuals that it keeps are not weighted: they are the same for all heads.
    """
    everywhere = v.expand(len(weights), -1, -1)
    data_loss, data_gradient = torch.zeros_like(everywhere[:, 0, 0]), GradientSum(everywhere, z.dtype)
    losses, residuals = problem.cross_entropy.of_images(z, problem.labels)
    for block in problem.blocks(len(weights), operands):
        weights_here = weights.of_rows(block.rows, z.dtype)
        data_loss += (weights_here * losses[:, block.rows]).sum(1)
        data_gradient.add(residuals[..., block.rows] * weights_here[:, None], block)
    gradient = data_gradient.total().double() + problem.l2 * v
    return Point(v, Evaluation.of(data_loss, gradient, v, problem.l2), ImageState(z, residuals))


def evaluate_change(problem: Problem, weights: LossWeights, start: Point, step: Tensor, precision: Precision) -> Point:
    """Update an evaluation at one point of all heads by a step.

    Only the step, and the change of the residuals by it, are multiplied in the precision's operands.

    Parameters
    ----------
    problem : Problem
    weights : LossWeights
        Of K heads.
    start : Point
        Of all heads: v is (1, b, p), and what is kept (1, b, n).
    step : Tensor of shape (1, b, p)
    precision : Precision

    Returns
    -------
    Point
        At v + step. The residuals that it keeps are not weighted: they are the same for all heads.
    """
    found, at, v = start.found, start.kept, start.v + step
    data_loss, gradient_change = torch.zeros_like(found.data_loss), GradientSum(found.gradient, precision.values)
    there = ImageState(torch.empty_like(at.z), torch.empty_like(at.residuals))
    for block, change in problem.products(step, precision.operands, precision.values, len(weights)):
        rows, weights_here = block.rows, weights.of_rows(block.rows, precision.values)
        there.z[..., rows] = at.z[..., rows] + change
        losses, there.residuals[..., rows] = problem.cross_entropy.of_images(there.z[..., rows], problem.labels[rows])
        data_loss += (weights_here * losses).sum(1)
        gradient_change.add((there.residuals[..., rows] - at.residuals[..., rows]) * weights_here[:, None], block)
    gradient = found.gradient + gradient_change.total() + problem.l2 * step
    return Point(v, Evaluation.of(data_loss, gradient, v, problem.l2), there)


class GradientSum:
    """Sum over blocks of residuals times features, and times 1 for the bias.

    Parameters
    ----------
    v : Tensor of shape (K, b, p)
        Gives shape and device.
    dtype : torch.dtype
        Precision of the sum.
    """

    def __init__(self, v: Tensor, dtype: torch.dtype) -> None:
        self._shape = v.shape
        self._coef = torch.zeros(v[..., :-1].flatten(0, 1).shape, dtype=dtype, device=v.device)
        self._bias = torch.zeros(v.shape[:2], dtype=torch.float64, device=v.device)

    def add(self, residuals: Tensor, block: Block) -> None:
        """Add a block. The product has the precision of the block.

        Parameters
        ----------
        residuals : Tensor of shape (K, b, m)
        block : Block
        """
        self._coef += block.gradient(residuals.flatten(0, 1))
        self._bias += residuals.sum(2)

    def total(self) -> Tensor:
        """Return the sum [K, b, p], in its precision."""
        coef = self._coef.view(*self._shape[:2], -1)
        return torch.cat([coef, self._bias.to(coef.dtype)[..., None]], 2)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Compute the inner product of each head's points.

    Parameters
    ----------
    a, b : Tensor of shape (K, b, p)

    Returns
    -------
    float64 Tensor of shape (K,)
    """
    return (a * b).sum((1, 2)).double()


def move_up(value: Tensor, mask: Tensor) -> Tensor:
    """Compute value[mask] in the memory of value.

    Parameters
    ----------
    value : Tensor of shape (K, ...)
    mask : bool Tensor of shape (K,)

    Returns
    -------
    Tensor
    """
    kept = mask.nonzero()[:, 0].tolist()
    for to, source in enumerate(kept):
        if to != source:
            value[to] = value[source]
    return value[: len(kept)]
