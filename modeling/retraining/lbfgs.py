"""L-BFGS: the inverse Hessian as the last steps show it, in coordinates where the first metric is the identity.

Points are [K, b, p], for K heads. With W the whitening of the first metric of every head and column (`whitening`), the
coordinates of a gradient g are W g, and a step s in coordinates is Wᵀ s.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from modeling.products import times
from modeling.retraining.objective import dot

_MEMORY = 10


@dataclass(frozen=True)
class _Pair:
    """A step, what it changed in the gradient, both [K, b, p] or [1, b, p] for all heads the same, and 1 / (s·y), [K].

    A pair that moved by rounding only has 1 / (s·y) = 0, and then no effect.
    """

    step: Tensor
    change: Tensor
    rho: Tensor

    def only(self, heads: Tensor) -> "_Pair":
        return _Pair(self.step[heads], self.change[heads], self.rho[heads])

    def among(self, heads: Tensor, n_heads: int) -> "_Pair":
        """As one of n heads, of which these are some, by an index: 0, without effect, for the others."""
        if len(heads) == n_heads:
            return self
        step, change, rho = (each.new_zeros(n_heads, *each.shape[1:]) for each in (self.step, self.change, self.rho))
        step[heads], change[heads], rho[heads] = self.step, self.change, self.rho
        return _Pair(step, change, rho)


@dataclass(frozen=True)
class Pairs:
    """The last steps, and what each changed in the gradient."""

    pairs: tuple[_Pair, ...] = ()

    def and_then(self, step: Tensor, change: Tensor) -> "Pairs":
        """With one pair more, each [K, b, p], or [1, b, p] for all heads; without the oldest of many."""
        return self._with(_Pair(step, change, _inverse(dot(step, change))))

    def and_then_last_of(self, others: "Pairs", heads: Tensor, n_heads: int) -> "Pairs":
        """With the last pair of others, which are some of these n heads, by an index."""
        return self._with(others.pairs[-1].among(heads, n_heads))

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
            last = self.pairs[-1]
            scale = _inverse(last.rho * dot(last.change, last.change))
            q = q * torch.where(scale > 0, scale, 1).to(q.dtype)[:, None, None]
        for pair, alpha in zip(self.pairs, reversed(alphas), strict=True):
            q = _add(q, alpha - pair.rho * dot(pair.change, q), pair.step)
        return q

    def _with(self, pair: _Pair) -> "Pairs":
        return Pairs((*self.pairs[-_MEMORY + 1 :], pair))


def to_coordinates(gradient: Tensor, whitening: Tensor) -> Tensor:
    """W g of each head and column, from g and W [p, p]."""
    return times(gradient.flatten(0, 1), whitening.T).view_as(gradient)


def from_coordinates(step: Tensor, whitening: Tensor) -> Tensor:
    """Wᵀ s of each head and column, from s and W [p, p]."""
    return times(step.flatten(0, 1), whitening).view_as(step)


def _add(points: Tensor, factors: Tensor, others: Tensor) -> Tensor:
    """points + factors · others, a factor a head."""
    return torch.addcmul(points, factors.to(points.dtype)[:, None, None], others)


def _inverse(value: Tensor) -> Tensor:
    usable = value > torch.finfo(value.dtype).tiny
    return torch.where(usable, 1 / value.where(usable, 1), 0)
