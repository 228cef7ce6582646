"""L-BFGS: the inverse Hessian as the last steps show it, in coordinates where the first metric is the identity.

Points are [K, b, p], for K heads. With the first metric H₀ = L Lᵀ of every head and column, the coordinates of a step v
are Lᵀ v and those of a gradient g are L⁻¹ g.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.linalg import solve_triangular

from modeling.retraining.objective import dot

_MEMORY = 10


@dataclass(frozen=True)
class Pairs:
    """The last steps, and what each changed in the gradient: [K, b, p], or [1, b, p] for all heads the same."""

    steps: tuple[Tensor, ...] = ()
    changes: tuple[Tensor, ...] = ()

    def and_then(self, step: Tensor, change: Tensor) -> "Pairs":
        """With one pair more, and without the oldest of many."""
        return Pairs((*self.steps[-_MEMORY + 1 :], step), (*self.changes[-_MEMORY + 1 :], change))

    def only(self, heads: Tensor) -> "Pairs":
        """The same for some of the heads, by a mask."""
        return Pairs(tuple(each[heads] for each in self.steps), tuple(each[heads] for each in self.changes))

    def last(self, heads: Tensor, n_heads: int) -> tuple[Tensor, Tensor]:
        """The last pair as one of n heads, of which these are some, by an index: 0, without effect, for the others."""
        step, change = (each.new_zeros(n_heads, *each.shape[1:]) for each in (self.steps[-1], self.changes[-1]))
        step[heads], change[heads] = self.steps[-1], self.changes[-1]
        return step, change

    def times(self, gradient: Tensor) -> Tensor:
        """The inverse Hessian times gradients [K, b, p]: the two-loop recursion, all heads at once.

        A pair that moved by rounding only has 1 / (s·y) = 0, and then no effect.
        """
        q, alphas = gradient, []
        rhos = [_inverse(dot(step, change)) for step, change in zip(self.steps, self.changes, strict=True)]
        pairs = list(zip(self.steps, self.changes, rhos, strict=True))
        for step, change, rho in reversed(pairs):
            alphas.append(rho * dot(step, q))
            q = _add(q, -alphas[-1], change)
        if pairs:
            step, change, _ = pairs[-1]
            scale = dot(step, change) * _inverse(dot(change, change))
            q = q * torch.where(scale > 0, scale, 1).to(q.dtype)[:, None, None]
        for (step, change, rho), alpha in zip(pairs, reversed(alphas), strict=True):
            q = _add(q, alpha - rho * dot(change, q), step)
        return q


def to_coordinates(gradient: Tensor, factor: Tensor) -> Tensor:
    """L⁻¹ g of each head and column, from g and L [p, p]."""
    columns: Tensor = solve_triangular(factor, gradient.flatten(0, 1).T, upper=False)
    return columns.T.contiguous().view_as(gradient)


def from_coordinates(step: Tensor, factor: Tensor) -> Tensor:
    """v of each head and column, from Lᵀ v and L [p, p]."""
    rows: Tensor = solve_triangular(factor, step.flatten(0, 1), upper=False, left=False)
    return rows.view_as(step)


def _add(points: Tensor, factors: Tensor, others: Tensor) -> Tensor:
    """points + factors · others, a factor a head."""
    return torch.addcmul(points, factors.to(points.dtype)[:, None, None], others)


def _inverse(value: Tensor) -> Tensor:
    usable = value > torch.finfo(value.dtype).tiny
    return torch.where(usable, 1 / value.where(usable, 1), 0)
