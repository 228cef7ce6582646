"""A metric of steps: the coordinates in which a curvature is the identity."""

from functools import cached_property

import torch
from torch import Tensor
from torch.linalg import cholesky, solve_triangular

from modeling.tensors.linear_algebra.matrix_products import matmul, matmul_packed, packed

_LEAF = 128  # rows that are factored at once


class Metric:
    """That of a curvature H by its whitening W [p, p], W H Wᵀ = I. Points are [K, b, p].

    The coordinates of a gradient g are W g, and a step s in coordinates is Wᵀ s.
    """

    def __init__(self, whitening: Tensor) -> None:
        self.whitening = whitening

    def to(self, where: torch.dtype | torch.device) -> "Metric":
        """The same in another precision, in which points are multiplied too, or on another device."""
        if where == torch.bfloat16:
            return self._rounded  # made once for all batches
        there = self.whitening.to(where)
        return self if there is self.whitening else Metric(there)

    @cached_property
    def _rounded(self) -> "Metric":
        return Metric(self.whitening.bfloat16())

    def to_coordinates(self, gradient: Tensor) -> Tensor:
        """W g of each head and column."""
        return self._matmul(gradient, self._rows)

    def from_coordinates(self, step: Tensor) -> Tensor:
        """Wᵀ s of each head and column."""
        return self._matmul(step, self._columns)

    def _matmul(self, points: Tensor, matrix: Tensor) -> Tensor:
        """In the metric's precision, held as the points are."""
        product = matmul_packed(points.flatten(0, 1).to(self.whitening.dtype), matrix)
        return product.to(points.dtype).view_as(points)

    # for a few heads, to put W in order costs more than the product
    @cached_property
    def _rows(self) -> Tensor:
        return packed(self.whitening)

    @cached_property
    def _columns(self) -> Tensor:
        return packed(self.whitening.T)


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
    across = matmul(curvature[second, first], whole[first, first].T)  # of L
    whole[second, second] = whitening(curvature[second, second] - matmul(across, across.T))
    whole[second, first] = matmul(matmul(-whole[second, second], across), whole[first, first])
    return whole
