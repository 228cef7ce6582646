"""What all heads over one set of images share: features by chunks, in a chosen precision, and the loss.

A point V is float64[K, b, p] with b = C - 1 (see `cross_entropy`) and p = d + 1, the bias last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clarify_errors.arrays.common.steps import step_done
from clarify_errors.tensors.linear_algebra.tensor_conversion import on_device
from clarify_errors.tensors.retraining.blocks import Bfloat16Blocks, Block, PlainBlock, row_ranges, values_at_once
from clarify_errors.tensors.retraining.cross_entropy import CrossEntropy, cross_entropy

# On a CPU; `values_at_once` says how many on a GPU.
_BLOCK = 2048  # bytes per feature, which stay in a core's cache
CHUNK_LOGITS = 1 << 18
_CACHED_LOGITS = 1 << 22  # of a cached block, which is large
_FEW_IMAGES = 512  # with fewer in a block, what is kept of a class is in pieces too short for many classes
FEATURES_PER_VALUE = 28  # values kept of all images for some heads may total 1/28 of the feature values
MOST_KEPT = 1 << 27  # for one head they may be more than that, but no more than this


@dataclass(frozen=True)
class Precision:
    """Precision of a descent.

    Attributes
    ----------
    operands : torch.dtype
        Of the products with the features.
    values : torch.dtype
        Of logits, residuals and steps.
    shrinks : float
        One descent reliably reduces a gap to this share.
    max_iterations : int
        Largest number of iterations of a descent.
    """

    operands: torch.dtype
    values: torch.dtype
    shrinks: float
    max_iterations: int

    @property
    def rounding(self) -> float:
        """Return the share of the loss below which a difference of losses is rounding."""
        return 1e-13 if self.values == torch.float64 else 1e-6


@dataclass(frozen=True)
class Problem:
    """What all heads share.

    Attributes
    ----------
    features : float32 or float64 Tensor of shape (n, d)
    labels : int64 Tensor of shape (n,)
    l2 : float
        λ.
    cross_entropy : CrossEntropy
    bfloat16_blocks : Bfloat16Blocks or None
        None if the features are large.
    """

    features: Tensor  # [n, d], float32 or float64
    labels: Tensor  # int64[n]
    l2: float
    cross_entropy: CrossEntropy
    bfloat16_blocks: Bfloat16Blocks | None  # where the features are small

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        labels: NDArray[np.integer],
        l2: float,
        n_classes: int,
        device: str | torch.device,
    ) -> "Problem":
        """Put a problem on a device.

        Parameters
        ----------
        features : float ndarray of shape (n, d)
            float32 and float64 are used in place, other types as float32; on another device as `on_device` says.
        labels : int ndarray of shape (n,)
        l2 : float
        n_classes : int
        device : str or torch.device

        Returns
        -------
        Problem
        """
        x = features if features.dtype in (np.float32, np.float64) else features.astype(np.float32)
        features_there = on_device(x, device)
        return cls(
            features=features_there,
            labels=torch.from_numpy(labels.astype(np.int64)).to(device),
            l2=l2,
            cross_entropy=cross_entropy(n_classes),
            bfloat16_blocks=Bfloat16Blocks.of(features_there, n_classes - 1),
        )

    @property
    def n_columns(self) -> int:
        """Return b = C - 1."""
        return self.cross_entropy.n_columns

    @property
    def kept_stride(self) -> int:
        """Return the stride of images at which the logits of one head may be kept."""
        n, d = self.features.shape
        is_large = self.n_columns * FEATURES_PER_VALUE > d
        most = values_at_once(self.features.device, MOST_KEPT, bytes_each=4)  # z, one of three
        return -(-n * self.n_columns // most) if is_large else 1

    def zeros(self, n_heads: int) -> Tensor:
        """Return the point 0 of K heads.

        Parameters
        ----------
        n_heads : int
            K.

        Returns
        -------
        float64 Tensor of shape (K, b, p)
        """
        shape = n_heads, self.n_columns, self.features.shape[1] + 1
        return torch.zeros(shape, dtype=torch.float64, device=self.features.device)

    def products(
        self, v: Tensor, operands: torch.dtype, values: torch.dtype, n_heads: int, out: Tensor | None = None
    ) -> Iterator[tuple[Block, Tensor]]:
        """Yield all images, block by block, with V x.

        Parameters
        ----------
        v : Tensor of shape (K, b, p)
        operands, values : torch.dtype
            The product has the precision `operands` and is held as `values`.
        n_heads : int
            Heads that use it; more than K if v is one point of all.
        out : Tensor of shape (K, b, n), optional
            Receives the products; what is yielded is then a part of it.

        Yields
        ------
        block : Block
        products : Tensor of shape (K, b, m)
        """
        coef, bias = v[..., :-1].flatten(0, 1).to(operands).contiguous(), v[..., -1:].to(values)
        is_zero = not v.any()  # as where training starts
        for block in self.blocks(n_heads, operands):
            n_images = block.rows.stop - block.rows.start
            logits = coef.new_zeros(len(coef), n_images) if is_zero else block.logits(coef)
            logits = logits.view(*v.shape[:2], -1)
            yield block, (logits.to(values) if out is None else out[..., block.rows].copy_(logits)).add_(bias)

    def logits(self, v: Tensor, dtype: torch.dtype) -> Tensor:
        """Compute V x of one point for all images.

        Parameters
        ----------
        v : Tensor of shape (1, b, p)
        dtype : torch.dtype

        Returns
        -------
        Tensor of shape (1, b, n)
        """
        return torch.cat([z for _, z in self.products(v, dtype, dtype, 1)], 2)

    def loss_and_residuals(self, z: Tensor, rows: slice, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the loss Σ_i w_i · cross-entropy of some images, and its gradient by z.

        Parameters
        ----------
        z : Tensor of shape (K, b, m) or (1, b, m)
            V x; one entry on the first axis if all heads are at one point.
        rows : slice
            m images.
        weights : Tensor of shape (K, m)

        Returns
        -------
        loss : Tensor of shape (K,)
        residuals : Tensor of shape (K, b, m)
        """
        losses, residuals = self.cross_entropy.of_images(z, self.labels[rows])
        weighted = residuals.mul_ if len(residuals) == len(weights) else residuals.mul
        return (weights * losses).sum(1), weighted(weights[:, None])

    def blocks(self, n_heads: int, dtype: torch.dtype) -> Iterator[Block]:
        """Yield all images in blocks that limit the memory of features and logits.

        A block may be overwritten by the next. Each is a step (`clarify_errors.arrays.common.steps`).

        Parameters
        ----------
        n_heads : int
        dtype : torch.dtype
            Precision of the blocks.

        Yields
        ------
        Block
        """
        for block in self._blocks(n_heads, dtype):
            yield block
            step_done()

    def _blocks(self, n_heads: int, dtype: torch.dtype) -> Iterator[Block]:
        device, d = self.features.device, self.features.shape[1]
        if dtype == torch.bfloat16 and self.bfloat16_blocks is not None:
            logits = self.bfloat16_blocks.block_rows * n_heads * (self.n_columns + 1)
            if logits <= values_at_once(device, _CACHED_LOGITS, bytes_each=32):  # they are float32
                yield from self.bfloat16_blocks.blocks
                return
        most = values_at_once(device, _BLOCK // dtype.itemsize * d) // d
        if self.bfloat16_blocks is not None and self.features.is_contiguous():
            most *= 2  # each block has a fixed cost; but the rows of a sample are copied
        size = min(most, self._logits_at_once(n_heads), len(self.features))
        converted = self.features.new_empty(
            0 if dtype == self.features.dtype else size, *self.features.shape[1:], dtype=dtype
        )
        for rows in row_ranges(len(self.features), size):
            x = self.features[rows]
            # Reuse the same memory, which stays in the cache.
            yield PlainBlock(rows, converted[: len(x)].copy_(x) if len(converted) else x)

    def every(self, stride: int) -> "Problem":
        """Return the problem of the first of every `stride` images.

        Parameters
        ----------
        stride : int

        Returns
        -------
        Problem
        """
        if stride == 1:
            return self
        features = self.features[::stride]
        blocks = Bfloat16Blocks.of(features, self.n_columns)
        return replace(self, features=features, labels=self.labels[::stride], bfloat16_blocks=blocks)

    def chunks_of_logits(self, n_heads: int) -> Iterator[slice]:
        """Yield ranges of rows that limit the memory of logits.

        Parameters
        ----------
        n_heads : int

        Yields
        ------
        slice
        """
        return row_ranges(len(self.features), self._logits_at_once(n_heads))

    def _logits_at_once(self, n_heads: int) -> int:
        of_image = n_heads * (self.n_columns + 1)
        at_once = values_at_once(self.features.device, CHUNK_LOGITS)
        return max(at_once // of_image, min(_FEW_IMAGES, _CACHED_LOGITS // of_image), 64)
