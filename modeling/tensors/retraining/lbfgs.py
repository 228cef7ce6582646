"""L-BFGS: the inverse Hessian as the last steps show it, in coordinates where the first metric is the identity.

Points are [K, b, p], for K heads; the coordinates are those of the first metric of every head and column (`metric`).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from modeling.tensors.retraining.objective import dot


@dataclass(frozen=True)
class Pair:
    """A step, what it changed in the gradient, both [K, b, p] or [1, b, p] for all heads the same, and 1 / (s·y), [K].

    A pair that moved by rounding only has 1 / (s·y) = 0, and then no effect.
    """

    step: Tensor
    change: Tensor
    rho: Tensor

    def only(self, heads: Tensor) -> "Pair":
        return Pair(self.step[heads], self.change[heads], self.rho[heads])

    def among(self, heads: Tensor, n_heads: int) -> "Pair":
        """As one of n heads, of which these are some, by an index: 0, without effect, for the others."""
        if len(heads) == n_heads:
            return self
        step, change, rho = (each.new_zeros(n_heads, *each.shape[1:]) for each in (self.step, self.change, self.rho))
        step[heads], change[heads], rho[heads] = self.step, self.change, self.rho
        return Pair(step, change, rho)


@dataclass(frozen=True)
class Pairs:
    """The last steps, and what each changed in the gradient."""

    pairs: tuple[Pair, ...] = ()

    MOST: ClassVar = 10

    def and_then(self, step: Tensor, change: Tensor) -> "Pairs":
        """With one pair more, each [K, b, p], or [1, b, p] for all heads."""
        return self.and_pair(Pair(step, change, _inverse(dot(step, change))))

    def and_pair(self, pair: Pair) -> "Pairs":
        """With one pair more, and without the oldest of many."""
        return Pairs((*self.pairs[1 - self.MOST :], pair))

    @property
    def last(self) -> Pair:
        return self.pairs[-1]

    def only(self, heads: Tensor) -> "Pairs":
        """The same for some of the heads, by a mask."""
        return Pairs(tuple(pair.only(heads) for pair in self.pairs))

    def times(self, gradient: Tensor) -> Tensor:
        """The inverse Hessian times gradients [K, b, p]: the two-loop recursion, all heads at once."""
        q, alphas = gradient, []
        for pair in reversed(self.pairs):
            alphas.append(pair.rho * dot(pair.step, q))
            q = _add(q, -alphas[-1], pair.change)
        if self.pairs:
            scale = _inverse(self.last.rho * dot(self.last.change, self.last.change))
            q = q * torch.where(scale > 0, scale, 1).to(q.dtype)[:, None, None]
        for pair, alpha in zip(self.pairs, reversed(alphas), strict=True):
            q = _add(q, alpha - pair.rho * dot(pair.change, q), pair.step)
        return q


def _add(points: Tensor, factors: Tensor, others: Tensor) -> Tensor:
    """points + factors · others, a factor a head."""
    return torch.addcmul(points, factors.to(points.dtype)[:, None, None], others)


def _inverse(value: Tensor) -> Tensor:
    usable = value > torch.finfo(value.dtype).tiny
    return torch.where(usable, 1 / value.where(usable, 1), 0)
