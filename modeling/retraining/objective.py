"""The objective of many heads over one set of images, evaluated by chunks of images in a chosen precision.

A point V is float64[K, b, p] with b = C - 1 (see `cross_entropy`) and p = d + 1, the bias last.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.retraining.cross_entropy import CrossEntropy, cross_entropy

# A chunk of features and what is computed from it stay in a core's cache; a GPU wants more work at once.
_CHUNK_ON_CPU = 2048
_CHUNK_ELSEWHERE = 65_536
_CHUNK_LOGITS = 1 << 18
_SMALL = 1 << 24


@dataclass(frozen=True)
class Problem:
    """What all heads share."""

    features: Tensor  # [n, d], float32 or float64
    labels: Tensor  # int64[n]
    l2: float
    cross_entropy: CrossEntropy
    halves: Tensor | None  # the features in bfloat16 where they are small; else that is made for each chunk anew

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
            halves=on_device.bfloat16() if x.size <= _SMALL and x.dtype == np.float32 else None,
        )

    @property
    def n_columns(self) -> int:
        """b = C - 1"""
        return self.cross_entropy.basis.shape[1]

    def zeros(self, n_heads: int) -> Tensor:
        """A point: float64[K, b, p]."""
        shape = n_heads, self.n_columns, self.features.shape[1] + 1
        return torch.zeros(shape, dtype=torch.float64, device=self.features.device)

    def products(self, v: Tensor, operands: torch.dtype, values: torch.dtype) -> Iterator[tuple[slice, Tensor, Tensor]]:
        """Rows, their features [m, d] and V x [K, b, m], chunk by chunk: a product of `operands` held as `values`."""
        coef, bias = v[..., :-1].flatten(0, 1).to(operands), v[..., -1:].to(values)
        for rows in self.chunks(len(v)):
            x = self.rows(rows, operands)
            yield rows, x, (coef @ x.T).to(values).unflatten(0, v.shape[:2]) + bias

    def rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """Features [m, d] of some images."""
        if dtype == torch.bfloat16 and self.halves is not None:
            return self.halves[rows]
        return self.features[rows].to(dtype)

    def every(self, stride: int) -> "Problem":
        """The same for the first of every `stride` images."""
        return replace(self, features=self.features[::stride], labels=self.labels[::stride], halves=None)

    def chunks(self, n_heads: int) -> Iterator[slice]:
        """Rows, so few at a time that their features and logits are no burden."""
        most = _CHUNK_ON_CPU if self.features.device.type == "cpu" else _CHUNK_ELSEWHERE
        size = min(most, max(_CHUNK_LOGITS // (n_heads * (self.n_columns + 1)), 64))
        for start in range(0, len(self.features), size):
            yield slice(start, min(start + size, len(self.features)))


@dataclass(frozen=True)
class Weights:
    """The loss weights of K heads, each scaled to sum 1. They are converted by chunks: a copy in float64 is large."""

    given: Tensor  # [n, all heads]
    scale: Tensor  # float64[K]
    heads: Tensor  # int64[K], which columns

    @classmethod
    def of(cls, given: Tensor) -> "Weights":
        scale = 1 / given.sum(0, dtype=torch.float64)
        return cls(given, scale, torch.arange(len(scale), device=given.device))

    def __len__(self) -> int:
        return len(self.heads)

    def only(self, which: Tensor) -> "Weights":
        """Those of some heads, by an index."""
        return Weights(self.given, self.scale[which], self.heads[which])

    def of_rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """[K, m]"""
        given = self.given[rows]
        if len(self) < given.shape[1]:
            given = given[:, self.heads]
        weights = torch.empty(len(self), len(given), dtype=dtype, device=given.device)
        return weights.copy_(given.T).mul_(self.scale[:, None])


@dataclass(frozen=True)
class Evaluation:
    """At V. data_loss: float64[K], without penalty; gradient: float64[K, b, p], with it; z, residuals: [K, b, n]."""

    data_loss: Tensor
    loss: Tensor
    gradient: Tensor
    z: Tensor
    residuals: Tensor

    def gap(self, l2: float) -> Tensor:
        """[K], a bound on loss - optimum: the objective is λ-strongly convex."""
        return dot(self.gradient, self.gradient) / (2 * l2)

    def only(self, heads: Tensor) -> "Evaluation":
        """The same for some of the heads, by a mask."""
        if heads.all():
            return self
        return Evaluation(**{field.name: getattr(self, field.name)[heads] for field in fields(self)})


def evaluate(problem: Problem, weights: Weights, v: Tensor, dtype: torch.dtype, kept_as: torch.dtype) -> Evaluation:
    """F_k(V) = Σ_i w_ik · cross-entropy + λ/2 ‖V_k‖² and its gradient, in `dtype`, with z and residuals `kept_as`.

    v: [K, b, p], or [1, b, p] for heads that are all at one point.
    """
    everywhere = v.expand(len(weights), -1, -1)
    data_loss, data_gradient = torch.zeros_like(weights.scale), GradientSum(everywhere, dtype)
    z = torch.empty(*everywhere.shape[:2], len(problem.labels), dtype=kept_as, device=v.device)
    residuals = torch.empty_like(z)
    for rows, x, z_here in problem.products(v, dtype, dtype):
        loss_here, residuals_here = problem.cross_entropy.loss_and_residuals(
            z_here, problem.labels[rows], weights.of_rows(rows, dtype)
        )
        z[..., rows], residuals[..., rows] = z_here, residuals_here
        data_loss += loss_here
        data_gradient.add(residuals_here, x)
    gradient = data_gradient.total() + problem.l2 * v
    return Evaluation(data_loss, data_loss + problem.l2 / 2 * dot(v, v), gradient, z, residuals)


class GradientSum:
    """Σ over chunks of residuals [K, b, m] times features [m, d], and 1 for the bias: [K, b, p]."""

    def __init__(self, v: Tensor, dtype: torch.dtype) -> None:
        self._shape = v.shape
        self._coef = torch.zeros(v[..., :-1].flatten(0, 1).shape, dtype=dtype, device=v.device)
        self._bias = torch.zeros(v.shape[:2], dtype=torch.float64, device=v.device)

    def add(self, residuals: Tensor, x: Tensor) -> None:
        """The product is taken in the precision of x, and summed in that of the sum."""
        flat = residuals.flatten(0, 1)
        if x.dtype == self._coef.dtype:
            self._coef.addmm_(flat, x)
        else:
            self._coef += flat.to(x.dtype) @ x
        self._bias += residuals.sum(2)

    def total(self) -> Tensor:
        """[K, b, p], in the precision of the sum."""
        coef = self._coef.view(*self._shape[:2], -1)
        return torch.cat([coef, self._bias.to(coef.dtype)[..., None]], 2)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """float64[K], the inner product of each head's points [K, b, p]."""
    return torch.bmm(a.flatten(1)[:, None], b.flatten(1)[..., None]).flatten().double()


def as_tensor(array: NDArray[np.floating]) -> Tensor:
    """The array as a tensor on the same memory, which is only read; a copy where its strides are negative."""
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # nor is it written to
        return torch.from_numpy(array)
