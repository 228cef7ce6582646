"""The whitening of a curvature: the coordinates in which it is the identity."""

import torch
from torch import Tensor
from torch.linalg import solve_triangular

from modeling.products import times

_LEAF = 128  # rows that are inverted at once


def whitening(curvature: Tensor) -> Tensor:
    """W [p, p], lower, with W H Wᵀ = I, from H [p, p], symmetric and positive definite; its lower triangle is read.

    That is L⁻¹ for H = L Lᵀ. Many points are whitened by a product with W much sooner than by solving with L.
    Raises torch's LinAlgError where H is not positive definite.
    """
    return _inverse(torch.linalg.cholesky(curvature).contiguous())


def _inverse(lower: Tensor) -> Tensor:
    """Of a lower triangular matrix, by halves, so that products do nearly all of it."""
    p = len(lower)
    if p <= _LEAF:
        leaf: Tensor = solve_triangular(lower, torch.eye(p, dtype=lower.dtype, device=lower.device), upper=False)
        return leaf.contiguous()
    first, second = slice(0, p // 2), slice(p // 2, p)
    inverse = torch.zeros_like(lower)
    inverse[first, first], inverse[second, second] = _inverse(lower[first, first]), _inverse(lower[second, second])
    inverse[second, first] = times(times(-inverse[second, second], lower[second, first]), inverse[first, first])
    return inverse
