"""Cross-entropy and its derivatives by the logits, for many heads on a chunk of m images.

An optimal head has Σ_c W_c = 0. So heads are kept as coordinates V in that plane: W = B V with B [C, C - 1] an
orthonormal basis of it. Norms are the same there, and two classes need one column instead of two. `z` is V x,
[K, C - 1, m], and the logits are B z.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

_SQRT_2: float = 2**0.5


class CrossEntropy(Protocol):
    """Cross-entropy of images by K heads."""

    @property
    def basis(self) -> Tensor:
        """Return B, float64[C, C - 1]."""
        ...

    def of_images(self, z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the cross-entropy of each image, and its gradient by z.

        Parameters
        ----------
        z : Tensor of shape (K, C - 1, m)
        labels : int64 Tensor of shape (m,)

        Returns
        -------
        losses : Tensor of shape (K, m)
        gradients : Tensor of shape (K, C - 1, m)
        """
        ...

    def curvature(self, z: Tensor, labels: Tensor) -> Tensor:
        """Compute the mean diagonal entry of the Hessian by z, for one head.

        Parameters
        ----------
        z : Tensor of shape (C - 1, m)
        labels : int64 Tensor of shape (m,)

        Returns
        -------
        Tensor of shape (m,)
        """
        ...


def cross_entropy(n_classes: int, device: torch.device) -> CrossEntropy:
    """Make the cross-entropy of C classes, with a short form for two.

    Parameters
    ----------
    n_classes : int
        C ≥ 2.
    device : torch.device

    Returns
    -------
    CrossEntropy
    """
    basis = zero_sum_basis(n_classes).to(device)
    return _OfTwo(basis) if n_classes == 2 else _OfMany(basis)


def zero_sum_basis(n_classes: int) -> Tensor:
    """Compute Helmert's contrasts, an orthonormal basis of the vectors with sum 0.

    Parameters
    ----------
    n_classes : int
        C ≥ 2.

    Returns
    -------
    float64 Tensor of shape (C, C - 1)
        Column j contrasts class j + 1 with the mean of the classes before it.
    """
    basis = torch.zeros(n_classes, n_classes - 1, dtype=torch.float64)
    for j in range(1, n_classes):
        basis[:j, j - 1] = -1 / (j * (j + 1)) ** 0.5
        basis[j, j - 1] = (j / (j + 1)) ** 0.5
    return basis


@dataclass(frozen=True)
class _OfTwo:
    """Cross-entropy of two classes.

    The logits are (-z, z) / √2, so an image's margin is ±√2 z and its cross-entropy log(1 + exp(-margin)).
    """

    basis: Tensor

    def of_images(self, z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        sign = 2 * _SQRT_2 * labels.to(z.dtype) - _SQRT_2
        margins = z[:, 0] * sign
        losses = logsigmoid(margins).neg_()
        return losses, margins.neg_().sigmoid_().mul_(-sign)[:, None]

    def curvature(self, z: Tensor, labels: Tensor) -> Tensor:
        p = torch.sigmoid(_SQRT_2 * z[0])
        return 2 * p * (1 - p)


@dataclass(frozen=True)
class _OfMany:
    basis: Tensor

    def of_images(self, z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        basis = self.basis.to(z.dtype)
        logits = basis @ z  # [K, C, m]
        of_label = labels.expand(len(z), 1, -1)
        log_total = logits.logsumexp(1, keepdim=True)
        losses = (log_total - logits.gather(1, of_label))[:, 0]
        p = logits.sub_(log_total).exp_()
        p.scatter_add_(1, of_label, p.new_full((), -1).expand(of_label.shape))
        return losses, basis.T @ p

    def curvature(self, z: Tensor, labels: Tensor) -> Tensor:
        p = (self.basis.to(z.dtype) @ z).softmax(0)
        return (1 - (p * p).sum(0)) / self.basis.shape[1]
