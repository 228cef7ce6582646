"""Loss weights of heads: how much each image counts in each head's loss."""

from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from modeling.tensors.retraining.problem import CHUNK_LOGITS


class LossWeights(Protocol):
    """Loss weights of K heads, each with sum 1."""

    def __len__(self) -> int: ...

    def of_rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """Return the weights of some images.

        Parameters
        ----------
        rows : slice
            m images.
        dtype : torch.dtype

        Returns
        -------
        Tensor of shape (K, m)
        """
        ...


@dataclass(frozen=True)
class HeadWeights:
    """Loss weights of K heads of a batch, each scaled to sum 1.

    A float64 copy would be large, so weights in that precision are converted when they are needed.

    Attributes
    ----------
    given : Tensor of shape (n, heads of the batch)
    scale : float64 Tensor of shape (heads of the batch,)
    held : Tensor of shape (heads of the batch, n)
        Scaled, in the precision of the features.
    heads : int64 Tensor of shape (K,)
        Which heads of the batch.
    """

    given: Tensor  # [n, heads of the batch]
    scale: Tensor  # float64[heads of the batch]
    held: Tensor  # [heads of the batch, n], scaled, in the precision of the features
    heads: Tensor  # int64[K], which of the batch

    @classmethod
    def of(cls, given: Tensor, dtype: torch.dtype) -> "HeadWeights":
        """Scale the weights of all heads of a batch.

        Parameters
        ----------
        given : Tensor of shape (n, K)
            With positive sums.
        dtype : torch.dtype
            Precision of the features.

        Returns
        -------
        HeadWeights
        """
        n, n_heads = given.shape
        scale = 1 / given.sum(0, dtype=torch.float64)
        held = torch.empty(n_heads, n, dtype=dtype, device=given.device)
        weights = cls(given, scale, held, torch.arange(n_heads, device=given.device))
        size = max(CHUNK_LOGITS // (8 * n_heads), 64)
        for start in range(0, n, size):
            rows = slice(start, start + size)
            held[:, rows] = weights._converted(rows, dtype)
        return weights

    def __len__(self) -> int:
        return len(self.heads)

    def only(self, which: Tensor) -> "HeadWeights":
        """Select heads.

        Parameters
        ----------
        which : Tensor
            Index or mask.

        Returns
        -------
        HeadWeights
        """
        return replace(self, heads=self.heads[which])

    def of_rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """Return the weights of some images.

        Parameters
        ----------
        rows : slice
            m images.
        dtype : torch.dtype

        Returns
        -------
        Tensor of shape (K, m)
        """
        weights = self.held[:, rows] if dtype == self.held.dtype else self._converted(rows, dtype)
        return weights if len(self) == len(weights) else weights[self.heads]

    def _converted(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """Convert the weights of some images: [heads of the batch, m]."""
        weights = torch.empty(self.given[rows].T.shape, dtype=dtype, device=self.given.device)
        # Convert before transposing: doing both at once is slow.
        return weights.copy_(self.given[rows].to(dtype).T).mul_(self.scale[:, None])
