"""Blocks of features, to multiply with heads (which gives logits) and with residuals (which gives gradients)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from clarify_errors.tensors.linear_algebra.matrix_products import matmul, matmul_packed, packed

SMALL = 1 << 27  # up to so many feature values (512 MiB in float32) are also kept in bfloat16, once per product
BLOCK_ROWS = 8192  # images of a cached block,
BLOCK_LOGITS = 1 << 21  # and fewer with so many classes that one head has more logits there
_SHARE_OF_A_GPU = 16  # each use of its memory may take a sixteenth


@dataclass(frozen=True)
class PlainBlock:
    """A block of features as they are.

    Attributes
    ----------
    rows : slice
    x : Tensor of shape (m, d)
    """

    rows: slice
    x: Tensor  # [m, d]

    def logits(self, coef: Tensor) -> Tensor:
        """Compute coef Xᵀ.

        Parameters
        ----------
        coef : Tensor of shape (k, d)

        Returns
        -------
        Tensor of shape (k, m)
        """
        return matmul(coef.to(self.x.dtype), self.x.T)

    def gradient(self, residuals: Tensor) -> Tensor:
        """Compute residuals X.

        Parameters
        ----------
        residuals : Tensor of shape (k, m)

        Returns
        -------
        Tensor of shape (k, d)
        """
        return matmul(residuals.to(self.x.dtype), self.x)


@dataclass(frozen=True)
class PackedBlock:
    """A block packed once for each product.

    For a few heads, packing costs more than the product.

    Attributes
    ----------
    rows : slice
    dtype : torch.dtype
    by_image : Tensor
        X, packed.
    by_feature : Tensor
        Xᵀ, packed.
    """

    rows: slice
    dtype: torch.dtype
    by_image: Tensor  # packed [m, d]
    by_feature: Tensor  # packed [d, m]

    @classmethod
    def of(cls, rows: slice, x: Tensor) -> "PackedBlock":
        """Pack features for both products.

        Parameters
        ----------
        rows : slice
        x : Tensor of shape (m, d)

        Returns
        -------
        PackedBlock
        """
        return cls(rows, x.dtype, packed(x), packed(x.T))

    def logits(self, coef: Tensor) -> Tensor:
        """Compute coef Xᵀ.

        Parameters
        ----------
        coef : Tensor of shape (k, d)

        Returns
        -------
        Tensor of shape (k, m)
        """
        return matmul_packed(coef.to(self.dtype), self.by_image)

    def gradient(self, residuals: Tensor) -> Tensor:
        """Compute residuals X.

        Parameters
        ----------
        residuals : Tensor of shape (k, m)

        Returns
        -------
        Tensor of shape (k, d)
        """
        return matmul_packed(residuals.to(self.dtype), self.by_feature)


# Features X [m, d] of m consecutive images. Other factors are rounded to the precision of X.
Block = PlainBlock | PackedBlock


class Bfloat16Blocks:
    """All images in bfloat16, in blocks that are made once, on first use.

    Parameters
    ----------
    features : Tensor of shape (n, d)
    n_columns : int
        Of a head.
    """

    def __init__(self, features: Tensor, n_columns: int) -> None:
        self.features, self._n_columns = features, n_columns

    @classmethod
    def of(cls, features: Tensor, n_columns: int) -> "Bfloat16Blocks | None":
        """Make the blocks of features that are small enough to be kept twice more.

        Parameters
        ----------
        features : Tensor of shape (n, d)
        n_columns : int
            Of a head.

        Returns
        -------
        Bfloat16Blocks or None
            None if the features are large.
        """
        is_small = features.numel() <= values_at_once(features.device, SMALL, bytes_each=2)
        return cls(features, n_columns) if is_small else None

    def are_of(self, features: Tensor) -> bool:
        """Return whether these are the same features in the same memory.

        Parameters
        ----------
        features : Tensor

        Returns
        -------
        bool
        """
        mine, other = ((each.data_ptr(), each.shape, each.stride(), each.dtype) for each in (self.features, features))
        return mine == other and self.features.device == features.device

    @property
    def block_rows(self) -> int:
        """Return the number of images of a block."""
        (n, d), device = self.features.shape, self.features.device
        return min(
            n, values_at_once(device, BLOCK_ROWS * d) // d, values_at_once(device, BLOCK_LOGITS) // self._n_columns
        )

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """Return the blocks.

        They are large: for a few heads, calls cost more than what they compute.
        """
        ranges = row_ranges(len(self.features), self.block_rows)
        if self.features.device.type != "cpu":
            return [PlainBlock(rows, self.features[rows].bfloat16()) for rows in ranges]
        # One for all: memory that is freed between packed blocks is not used again.
        converted = torch.empty_like(self.features[: self.block_rows], dtype=torch.bfloat16)
        return [PackedBlock.of(rows, converted[: rows.stop - rows.start].copy_(self.features[rows])) for rows in ranges]


def values_at_once(device: torch.device, on_cpu: int, bytes_each: int = 64) -> int:
    """Return how many logits or feature values a device takes at once.

    On a CPU, what is computed with stays in a core's cache. A GPU needs more work at once.

    Parameters
    ----------
    device : torch.device
    on_cpu : int
        The number on a CPU, and the least elsewhere.
    bytes_each : int, default 64
        What a value takes on a GPU: by default one in float64, with what is computed from it.

    Returns
    -------
    int
        By a GPU's whole memory, not what is free, so that sums are always split alike.
    """
    if device.type != "cuda":
        return on_cpu
    return max(torch.cuda.get_device_properties(device).total_memory // (_SHARE_OF_A_GPU * bytes_each), on_cpu)


def row_ranges(n: int, size: int) -> Iterator[slice]:
    """Yield consecutive ranges of n rows.

    Parameters
    ----------
    n : int
    size : int
        Rows per range; the last may have fewer.

    Yields
    ------
    slice
    """
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
