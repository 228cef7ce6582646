"""The whitening of a curvature: the coordinates in which it is the identity."""

import torch
from torch import Tensor
from torch.linalg import cholesky, solve_triangular

from modeling.products import times

_LEAF = 128  # rows that are factored at once


def whitening(curvature: Tensor) -> Tensor:
    """W [p, p], lower, with W H Wᵀ = I, from H [p, p], symmetric and positive definite; its lower triangle is read.

    That is L⁻¹ for H = L Lᵀ, made by halves, so that products do nearly all of it. Points are whitened by a product
    with W much sooner than by solving with L. It errs by the rounding of H's numbers times their condition.
    Raises torch's LinAlgError where H is not positive definite, or by rounding no longer.
    """
    p = len(curvature)
    if p <= _LEAF:
        identity = torch.eye(p, dtype=curvature.dtype, device=curvature.device)
        leaf: Tensor = solve_triangular(cholesky(curvature), identity, upper=False)
        return leaf.contiguous()
    first, second = slice(0, p // 2), slice(p // 2, p)
    whole = torch.zeros_like(curvature)
    whole[first, first] = whitening(curvature[first, first])
    across = times(curvature[second, first], whole[first, first].T)  # of L
    whole[second, second] = whitening(curvature[second, second] - times(across, across.T))
    whole[second, first] = times(times(-whole[second, second], across), whole[first, first])
    return whole
