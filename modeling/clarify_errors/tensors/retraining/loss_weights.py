"""Loss weights: how much each image counts in the loss of each head, or of each group."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clarify_errors.tensors.retraining.blocks import values_at_once
from clarify_errors.tensors.retraining.problem import CHUNK_LOGITS


@dataclass(frozen=True)
class GroupMeans:
    """Weights that make group g's loss its mean: 1 / n_g on its images, 0 elsewhere.

    Attributes
    ----------
    ids : int64 ndarray of shape (G,)
        Groups that have images, ascending.
    group_of_image : int64 Tensor of shape (n,)
        Position in `ids`.
    weight : float64 Tensor of shape (G,)
        1 / n_g.
    """

    ids: NDArray[np.int64]  # [G], of the groups that have images, ascending
    group_of_image: Tensor  # int64[n], which of them
    weight: Tensor  # float64[G], 1 / n_g

    @classmethod
    def of(cls, groups: NDArray[np.integer], device: torch.device) -> Self:
        """Make the weights of groups.

        Parameters
        ----------
        groups : int ndarray of shape (n,)
            Ids ≥ 0.
        device : torch.device

        Returns
        -------
        GroupMeans
        """
        ids, which = _ranked(groups)
        group_of_image = torch.from_numpy(which).to(device)
        return cls(ids, group_of_image, 1 / torch.bincount(group_of_image).double())

    def __len__(self) -> int:
        return len(self.ids)

    def of_rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """Return the weights of some images.

        Parameters
        ----------
        rows : slice
            m images.
        dtype : torch.dtype

        Returns
        -------
        Tensor of shape (G, m)
        """
        return self.weight.to(dtype).diag().index_select(1, self.group_of_image[rows])

    def mixed(self, q: NDArray[np.float64]) -> Tensor:
        """Mix the groups: q_g / n_g on each image of group g, as one head.

        Parameters
        ----------
        q : float64 ndarray of shape (G,)

        Returns
        -------
        float64 Tensor of shape (n,)
        """
        return (torch.from_numpy(q).to(self.weight.device) * self.weight).index_select(0, self.group_of_image)


def class_balanced(labels: Tensor) -> Tensor:
    """Return weights that give each class with images the same mass.

    Parameters
    ----------
    labels : int64 Tensor of shape (n,)

    Returns
    -------
    float64 Tensor of shape (n,)
        With sum 1.
    """
    counts = torch.bincount(labels)
    return 1 / ((counts > 0).sum() * counts[labels]).double()


def _ranked(groups: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct ids, ascending, and the position of each entry; small ids need no sorting."""
    if groups.max() > len(groups):
        ids, which = np.unique(groups, return_inverse=True)
        return ids.astype(np.int64), which
    present = np.bincount(groups) > 0
    return np.flatnonzero(present), (np.cumsum(present) - 1)[groups]


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
        size = max(values_at_once(given.device, CHUNK_LOGITS) // (8 * n_heads), 64)
        for start in range(0, n, size):
            rows = slice(start, start + size)
            held[:, rows] = weights._converted(rows, dtype)
        return weights

    def __len__(self) -> int:
        return len(self.heads)

    def only(self, which: Tensor | slice) -> "HeadWeights":
        """Select heads.

        Parameters
        ----------
        which : Tensor or slice
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


LossWeights = HeadWeights | GroupMeans
