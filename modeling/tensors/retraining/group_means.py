"""Mean losses of groups of images, as loss weights."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


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

    def mixed(self, q: NDArray[np.float64]) -> "Mixture":
        """Mix the groups: q_g / n_g on each image of group g, as one head.

        Parameters
        ----------
        q : float64 ndarray of shape (G,)

        Returns
        -------
        Mixture
        """
        of_group = torch.from_numpy(q).to(self.weight.device) * self.weight
        return Mixture(of_group.index_select(0, self.group_of_image))


@dataclass(frozen=True)
class Mixture:
    """Weights of one head.

    Attributes
    ----------
    weights : float64 Tensor of shape (n,)
    """

    weights: Tensor

    def __len__(self) -> int:
        return 1

    def of_rows(self, rows: slice, dtype: torch.dtype) -> Tensor:
        """Return the weights of some images.

        Parameters
        ----------
        rows : slice
            m images.
        dtype : torch.dtype

        Returns
        -------
        Tensor of shape (1, m)
        """
        return self.weights[rows].to(dtype)[None]


def _ranked(groups: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct ids, ascending, and the position of each entry; small ids need no sorting."""
    if groups.max() > len(groups):
        ids, which = np.unique(groups, return_inverse=True)
        return ids.astype(np.int64), which
    present = np.bincount(groups) > 0
    return np.flatnonzero(present), (np.cumsum(present) - 1)[groups]
