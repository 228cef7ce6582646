"""L-BFGS: the inverse Hessian from the last steps, in coordinates where the first preconditioner is the identity.

Points are [K, b, p], for K heads. The coordinates are those of the first preconditioner of every head and column.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from clarify_errors.tensors.retraining.objective import dot


@dataclass(frozen=True)
class Pair:
    """A step, and the change of the gradient by it.

    Attributes
    ----------
    step : Tensor of shape (K, b, p) or (1, b, p)
        s; one entry on the first axis if it is the same for all heads.
    change : Tensor of the same shape
        y.
    rho : Tensor of shape (K,)
        1 / (s·y). It is 0 for a pair that moved by rounding only, which then has no effect.
    """

    step: Tensor
    change: Tensor
    rho: Tensor

    def only(self, heads: Tensor) -> "Pair":
        """Select heads.

        Parameters
        ----------
        heads : Tensor
            Index or mask.

        Returns
        -------
        Pair
        """
        return Pair(self.step[heads], self.change[heads], self.rho[heads])


@dataclass(frozen=True)
class Pairs:
    """The last steps, and the change of the gradient by each.

    Attributes
    ----------
    pairs : tuple of Pair
        At most MOST; the latest is last.
    MOST : int
    """

    pairs: tuple[Pair, ...] = ()

    MOST: ClassVar = 10

    def and_then(self, step: Tensor, change: Tensor) -> "Pairs":
        """Add a pair, and drop the oldest of many.

        Parameters
        ----------
        step, change : Tensor of shape (K, b, p) or (1, b, p)

        Returns
        -------
        Pairs
        """
        return Pairs((*self.pairs[1 - self.MOST :], Pair(step, change, _inverse(dot(step, change)))))

    def only(self, heads: Tensor) -> "Pairs":
        """Select heads.

        Parameters
        ----------
        heads : bool Tensor of shape (K,)

        Returns
        -------
        Pairs
        """
        return Pairs(tuple(pair.only(heads) for pair in self.pairs))

    def times(self, gradient: Tensor) -> Tensor:
        """Multiply gradients by the inverse Hessian: the two-loop recursion for all heads.

        Parameters
        ----------
        gradient : Tensor of shape (K, b, p)

        Returns
        -------
        Tensor of shape (K, b, p)
        """
        q, alphas = gradient, []
        for pair in reversed(self.pairs):
            alphas.append(pair.rho * dot(pair.step, q))
            q = _add(q, -alphas[-1], pair.change)
        if self.pairs:
            last = self.pairs[-1]
            scale = _inverse(last.rho * dot(last.change, last.change))
            q = q * torch.where(scale > 0, scale, 1).to(q.dtype)[:, None, None]
        for pair, alpha in zip(self.pairs, reversed(alphas), strict=True):
            q = _add(q, alpha - pair.rho * dot(pair.change, q), pair.step)
        return q


def _add(points: Tensor, factors: Tensor, others: Tensor) -> Tensor:
    """Return points + factors · others, with one factor per head."""
    return torch.addcmul(points, factors.to(points.dtype)[:, None, None], others)


def _inverse(value: Tensor) -> Tensor:
    usable = value > torch.finfo(value.dtype).tiny
    return torch.where(usable, 1 / value.where(usable, 1), 0)
