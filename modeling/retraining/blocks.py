"""Some images' features, to be multiplied with from both sides: by heads to logits, by residuals to gradients."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from modeling.products import packed, times, times_packed


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
        return times(coef.to(self.x.dtype), self.x.T)

    def gradient(self, residuals: Tensor) -> Tensor:
        return times(residuals.to(self.x.dtype), self.x)


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
        return times_packed(coef.to(self.dtype), self.by_image)

    def gradient(self, residuals: Tensor) -> Tensor:
        return times_packed(residuals.to(self.dtype), self.by_feature)
