"""The objective of many heads over one set of images, evaluated by chunks of images in a chosen precision.

A point V is float64[K, b, p] with b = C - 1 (see `cross_entropy`) and p = d + 1, the bias last.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.products import times
from modeling.retraining.cross_entropy import CrossEntropy, cross_entropy

# A chunk of features and what is computed from it stay in a core's cache; a GPU wants more work at once.
_CHUNK_ON_CPU = 2048  # bytes of a feature
_CHUNK_ELSEWHERE = 32_768
_CHUNK_LOGITS = 1 << 18
_SMALL = 1 << 24  # features that may be kept twice


@dataclass(frozen=True)
class Precision:
    """operands: of the products with the features; values: of logits, residuals and steps.

    shrinks: the share of a gap that one descent can be relied on to leave; patience: a descent's most iterations.
    """

    operands: torch.dtype
    values: torch.dtype
    shrinks: float
    patience: int

    @property
    def rounding(self) -> float:
        """Below this share of the loss, a difference of losses is rounding."""
        return 1e-13 if self.values == torch.float64 else 1e-6


@dataclass(frozen=True)
class Problem:
    """What all heads share."""

    features: Tensor  # [n, d], float32 or float64
    labels: Tensor  # int64[n]
    l2: float
    cross_entropy: CrossEntropy

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        l2: float,
        n_classes: int,
        device: str | torch.device,
    ) -> "Problem":
        """The problem on a device. Features in float32 or float64 are used where they lie, others as float32."""
        x = features if features.dtype in (np.float32, np.float64) else features.astype(np.float32)
        on_device = as_tensor(x).to(device)
        return cls(
            features=on_device,
            labels=torch.from_numpy(labels.astype(np.int64)).to(device),
            l2=l2,
            cross_entropy=cross_entropy(n_classes, on_device.device),
        )

    @property
    def n_columns(self) -> int:
        """b = C - 1"""
        return self.cross_entropy.basis.shape[1]

    def zeros(self, n_heads: int) -> Tensor:
        """A point: float64[K, b, p]."""
        shape = n_heads, self.n_columns, self.features.shape[1] + 1
        return torch.zeros(shape, dtype=torch.float64, device=self.features.device)

    def products(
        self, v: Tensor, operands: torch.dtype, values: torch.dtype, n_heads: int
    ) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Rows, their features [m, d] and V x, chunk by chunk: a product of `operands` held as `values`.

        V x is [K, b, m] for v [K, b, p]; n_heads: for how many heads it is wanted, where v is one point of all.
        """
        coef, bias = v[..., :-1].flatten(0, 1).to(operands), v[..., -1:].to(values)
        for rows in self.chunks(n_heads, operands):
            x = self.rows(rows, operands)
            yield rows, x, times(coef, x.T).to(values).view(*v.shape[:2], -1) + bias

    def rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """Features [m, d] of some images."""
        return self._halves[rows] if self._keeps(dtype) else self.features[rows].to(dtype)

    def _keeps(self, dtype: torch.dtype) -> bool:
        """Whether the features are kept in this type beside their own."""
        return dtype == torch.bfloat16 and self._is_small

    @property
    def _is_small(self) -> bool:
        return self.features.numel() <= _SMALL

    @cached_property
    def _halves(self) -> Tensor:
        """The features in bfloat16."""
        return self.features.bfloat16()

    def every(self, stride: int) -> "Problem":
        """The same for the first of every `stride` images."""
        return replace(self, features=self.features[::stride], labels=self.labels[::stride])

    def chunks(self, n_heads: int, dtype: torch.dtype) -> Iterator[slice]:
        """Rows, so few at a time that their features and logits are no burden."""
        most = _CHUNK_ON_CPU // dtype.itemsize if self.features.device.type == "cpu" else _CHUNK_ELSEWHERE
        if self._is_small and self.features.is_contiguous():
            most *= 2  # a chunk has its own cost; the rows of a sample are copied
        return self._slices(min(most, self._logits_at_once(n_heads)))

    def chunks_of_logits(self, n_heads: int) -> Iterator[slice]:
        """The same where features are not needed: there are few."""
        return self._slices(self._logits_at_once(n_heads))

    def _logits_at_once(self, n_heads: int) -> int:
        return max(_CHUNK_LOGITS // (n_heads * (self.n_columns + 1)), 64)

    def _slices(self, size: int) -> Iterator[slice]:
        for start in range(0, len(self.features), size):
            yield slice(start, min(start + size, len(self.features)))


@dataclass(frozen=True)
class Weights:
    """The loss weights of K heads, each scaled to sum 1. A copy in float64 would be large: there they are converted."""

    given: Tensor  # [n, heads of the batch]
    scale: Tensor  # float64[heads of the batch]
    held: Tensor  # [heads of the batch, n], scaled, in the precision of the features
    heads: Tensor  # int64[K], which of the batch

    @classmethod
    def of(cls, given: Tensor, dtype: torch.dtype) -> "Weights":
        """Those of all heads of a batch, from [n, K] with positive sums."""
        n, n_heads = given.shape
        scale = 1 / given.sum(0, dtype=torch.float64)
        held = torch.empty(n_heads, n, dtype=dtype, device=given.device)
        weights = cls(given, scale, held, torch.arange(n_heads, device=given.device))
        size = max(_CHUNK_LOGITS // (8 * n_heads), 64)
        for start in range(0, n, size):
            rows = slice(start, start + size)
            held[:, rows] = weights._converted(rows, dtype)
        return weights

    def __len__(self) -> int:
        return len(self.heads)

    def only(self, which: Tensor) -> "Weights":
        """Those of some of these heads, by an index or a mask."""
        return replace(self, heads=self.heads[which])

    def of_rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """[K, m]"""
        weights = self.held[:, rows] if dtype == self.held.dtype else self._converted(rows, dtype)
        return weights if len(self) == len(weights) else weights[self.heads]

    def _converted(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """[heads of the batch, m]"""
        weights = torch.empty(self.given[rows].T.shape, dtype=dtype, device=self.given.device)
        # to convert as it is transposed is slow
        return weights.copy_(self.given[rows].to(dtype).T).mul_(self.scale[:, None])


class LossWeights(Protocol):
    """Loss weights of K heads, each with sum 1."""

    def __len__(self) -> int: ...

    def of_rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """[K, m]"""
        ...


@dataclass(frozen=True)
class Kept:
    """What a descent goes on from: z = V x and the gradient of the loss by it, each [K, b, n]."""

    z: Tensor
    residuals: Tensor

    @classmethod
    def empty(cls, problem: Problem, n_heads: int, dtype: torch.dtype) -> "Kept":
        shape = n_heads, problem.n_columns, len(problem.labels)
        return cls(*(torch.empty(shape, dtype=dtype, device=problem.features.device) for _ in range(2)))

    def first(self, n_heads: int) -> "Kept":
        return Kept(self.z[:n_heads], self.residuals[:n_heads])

    def only(self, heads: Tensor) -> "Kept":
        """The same for some of the heads, by a mask, in the same memory: a copy would be large."""
        return Kept(move_up(self.z, heads), move_up(self.residuals, heads))


@dataclass(frozen=True)
class Evaluation:
    """At V, all float64. data_loss: [K], without penalty; loss: [K] and gradient: [K, b, p], with it."""

    data_loss: Tensor
    loss: Tensor
    gradient: Tensor

    def gap(self, l2: float) -> Tensor:
        """[K], a bound on loss - optimum: the objective is λ-strongly convex."""
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
    for rows, x, z in problem.products(v, dtype, dtype, len(weights)):
        loss, residuals = problem.cross_entropy.loss_and_residuals(
            z, problem.labels[rows], weights.of_rows(rows, dtype)
        )
        if z_kept is not None:
            z_kept[..., rows] = z
        if residuals_kept is not None:
            residuals_kept[..., rows] = residuals
        data_loss += loss
        data_gradient.add(residuals, x)
    gradient = data_gradient.total().double() + problem.l2 * v
    return Evaluation(data_loss, data_loss + problem.l2 / 2 * dot(v, v), gradient)


def evaluate_change(
    problem: Problem, weights: LossWeights, v: Tensor, z: Tensor, start: Evaluation, step: Tensor, precision: Precision
) -> tuple[Evaluation, Tensor]:
    """What a step [1, b, p] from V [1, b, p] of all heads makes of an evaluation there, and of z [1, b, n].

    Only the step, and the residuals' change by it, are multiplied in the precision's operands.
    """
    data_loss, gradient_change = torch.zeros_like(start.data_loss), GradientSum(start.gradient, precision.values)
    new_z = torch.empty_like(z)
    for rows, x, change in problem.products(step, precision.operands, precision.values, len(weights)):
        labels, weights_here = problem.labels[rows], weights.of_rows(rows, precision.values)
        new_z[..., rows] = z[..., rows] + change
        _, before = problem.cross_entropy.loss_and_residuals(z[..., rows], labels, weights_here)
        loss, after = problem.cross_entropy.loss_and_residuals(new_z[..., rows], labels, weights_here)
        data_loss += loss
        gradient_change.add(after - before, x)
    gradient = start.gradient + gradient_change.total() + problem.l2 * step
    return Evaluation(data_loss, data_loss + problem.l2 / 2 * dot(v + step, v + step), gradient), new_z


class GradientSum:
    """Σ over chunks of residuals [K, b, m] times features [m, d], and 1 for the bias: [K, b, p]."""

    def __init__(self, v: Tensor, dtype: torch.dtype) -> None:
        self._shape = v.shape
        self._coef = torch.zeros(v[..., :-1].flatten(0, 1).shape, dtype=dtype, device=v.device)
        self._bias = torch.zeros(v.shape[:2], dtype=torch.float64, device=v.device)

    def add(self, residuals: Tensor, x: Tensor) -> None:
        """The product is taken in the precision of x, and summed in that of the sum."""
        flat = residuals.flatten(0, 1)
        self._coef += times(flat.to(x.dtype), x)
        self._bias += residuals.sum(2)

    def total(self) -> Tensor:
        """[K, b, p], in the precision of the sum."""
        coef = self._coef.view(*self._shape[:2], -1)
        return torch.cat([coef, self._bias.to(coef.dtype)[..., None]], 2)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """float64[K], the inner product of each head's points [K, b, p]."""
    return (a * b).sum((1, 2)).double()


def as_tensor(array: NDArray[np.floating]) -> Tensor:
    """The array as a tensor on the same memory, which is only read; a copy of what torch cannot read in place."""
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nor is it written to
        return torch.from_numpy(array)


def move_up(value: Tensor, mask: Tensor) -> Tensor:
    """value[mask], in the memory of value."""
    kept = mask.nonzero()[:, 0].tolist()
    for to, source in enumerate(kept):
        if to != source:
            value[to] = value[source]
    return value[: len(kept)]
