"""Some images' features, to be multiplied with from both sides: by heads to logits, by residuals to gradients."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from modeling.tensors.linear_algebra.matrix_products import matmul, matmul_packed, packed

_SMALL = 1 << 24  # features that may be kept in bfloat16 too, once for either product
BLOCK_ROWS = 8192  # images of a block that is cached


class Block(Protocol):
    """Features X [m, d] of m images in a row; what is multiplied with them is rounded as they are."""

    @property
    def rows(self) -> slice:
        """Which images."""
        ...

    def logits(self, coef: Tensor) -> Tensor:
        """coef Xᵀ, [k, m] from [k, d]"""
        ...

    def gradient(self, residuals: Tensor) -> Tensor:
        """residuals X, [k, d] from [k, m]"""
        ...


@dataclass(frozen=True)
class PlainBlock:
    rows: slice
    x: Tensor  # [m, d]

    def logits(self, coef: Tensor) -> Tensor:
        return matmul(coef.to(self.x.dtype), self.x.T)

    def gradient(self, residuals: Tensor) -> Tensor:
        return matmul(residuals.to(self.x.dtype), self.x)


@dataclass(frozen=True)
class PackedBlock:
    """Put in order for either product once: for a few heads, to do so costs more than the product."""

    rows: slice
    dtype: torch.dtype
    by_image: Tensor  # packed [m, d]
    by_feature: Tensor  # packed [d, m]

    @classmethod
    def of(cls, rows: slice, x: Tensor) -> "PackedBlock":
        return cls(rows, x.dtype, packed(x), packed(x.T))

    def logits(self, coef: Tensor) -> Tensor:
        return matmul_packed(coef.to(self.dtype), self.by_image)

    def gradient(self, residuals: Tensor) -> Tensor:
        return matmul_packed(residuals.to(self.dtype), self.by_feature)


class Halves:
    """All images in bfloat16, by blocks: made when they are first asked for, and kept."""

    def __init__(self, features: Tensor) -> None:
        self.features = features

    @classmethod
    def of(cls, features: Tensor) -> "Halves | None":
        """Of features [n, d], where they are so few that they may be kept twice."""
        return cls(features) if features.numel() <= _SMALL else None

    def are_of(self, features: Tensor) -> bool:
        """Whether these are the very features, in the same memory."""
        mine, other = ((each.data_ptr(), each.shape, each.stride(), each.dtype) for each in (self.features, features))
        return mine == other and self.features.device == features.device

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """Large ones: for a few heads, each call for what else is computed costs more than the computing."""
        kind = PackedBlock.of if self.features.device.type == "cpu" else PlainBlock
        return [kind(rows, self.features[rows].bfloat16()) for rows in row_ranges(len(self.features), BLOCK_ROWS)]


def row_ranges(n: int, size: int) -> Iterator[slice]:
    """All of n rows, by so many."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
