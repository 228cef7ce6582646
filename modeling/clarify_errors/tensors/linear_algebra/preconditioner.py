"""Preconditioner of steps: coordinates in which a curvature is the identity."""

from functools import cached_property

import torch
from torch import Tensor
from torch.linalg import cholesky, solve_triangular

from clarify_errors.tensors.linear_algebra.matrix_products import matmul, matmul_packed, packed

_LEAF = 128  # rows to factor at once


class Preconditioner:
    """Preconditioner of a curvature H by its whitening W, with W H Wᵀ = I.

    Points are [K, b, p]. A gradient g has the coordinates W g, and a step with coordinates s is Wᵀ s.

    Parameters
    ----------
    whitening : Tensor of shape (p, p)
        W.
    """

    def __init__(self, whitening: Tensor) -> None:
        self.whitening = whitening

    def to(self, where: torch.dtype | torch.device) -> "Preconditioner":
        """Convert to another precision, also of products, or to another device.

        Parameters
        ----------
        where : torch.dtype or torch.device

        Returns
        -------
        Preconditioner
        """
        if where == torch.bfloat16:
            return self._rounded  # converted once for all batches
        there = self.whitening.to(where)
        return self if there is self.whitening else Preconditioner(there)

    @cached_property
    def _rounded(self) -> "Preconditioner":
        return Preconditioner(self.whitening.bfloat16())

    def to_coordinates(self, gradient: Tensor) -> Tensor:
        """Compute W g for each head and column.

        Parameters
        ----------
        gradient : Tensor of shape (K, b, p)

        Returns
        -------
        Tensor of shape (K, b, p)
        """
        return self._matmul(gradient, self._rows)

    def from_coordinates(self, step: Tensor) -> Tensor:
        """Compute Wᵀ s for each head and column.

        Parameters
        ----------
        step : Tensor of shape (K, b, p)

        Returns
        -------
        Tensor of shape (K, b, p)
        """
        return self._matmul(step, self._columns)

    def _matmul(self, points: Tensor, matrix: Tensor) -> Tensor:
        """Multiply in the preconditioner's precision, and return the points' precision."""
        product = matmul_packed(points.flatten(0, 1).to(self.whitening.dtype), matrix)
        return product.to(points.dtype).view_as(points)

    # For a few heads, packing W costs more than the product.
    @cached_property
    def _rows(self) -> Tensor:
        return packed(self.whitening)

    @cached_property
    def _columns(self) -> Tensor:
        return packed(self.whitening.T)


def whitening(curvature: Tensor) -> Tensor:
    """Compute the inverse L⁻¹ of the Cholesky factor of H = L Lᵀ.

    Parameters
    ----------
    curvature : Tensor of shape (p, p)
        H, symmetric and positive definite; only its lower triangle is read.

    Returns
    -------
    Tensor of shape (p, p)
        W, lower triangular, with W H Wᵀ = I.

    Raises
    ------
    torch.linalg.LinAlgError
        If H is not positive definite, or not after rounding.

    Notes
    -----
    The matrix is halved recursively, so that matrix products do nearly all of the work. Whitening points by a product
    with W is much faster than solving with L. Its error is the rounding of H's numbers times their condition.
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
