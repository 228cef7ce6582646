"""Cross-entropy and its derivatives by the logits, for many heads on a chunk of m images.

An optimal head has Σ_c W_c = 0. So heads are kept as coordinates V in that plane: W = B V with B [C, C - 1] an
orthonormal basis of it. Norms are the same there, and two classes need one column instead of two. `z` is V x,
[K, C - 1, m], and the logits are B z. B is never written out: a dense product with it would cost C² per image.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

_SQRT_2: float = 2**0.5


class CrossEntropy(Protocol):
    """Cross-entropy of images by K heads."""

    @property
    def n_columns(self) -> int:
        """Return b, the number of coordinates of a class's weights: C - 1."""
        ...

    def rows(self, v: Tensor) -> Tensor:
        """Compute B V: the rows of heads, or logits, from their coordinates.

        Parameters
        ----------
        v : Tensor of shape (K, b, p)

        Returns
        -------
        Tensor of shape (K, C, p)
        """
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


def cross_entropy(n_classes: int) -> CrossEntropy:
    """Make the cross-entropy of C classes, with a short form for two.

    Parameters
    ----------
    n_classes : int
        C ≥ 2.

    Returns
    -------
    CrossEntropy
    """
    return _OfTwo() if n_classes == 2 else _OfMany(n_classes - 1)


@dataclass(frozen=True)
class _OfTwo:
    """Cross-entropy of two classes.

    The logits are (-z, z) / √2, so an image's margin is ±√2 z and its cross-entropy log(1 + exp(-margin)).
    """

    n_columns: int = 1

    def rows(self, v: Tensor) -> Tensor:
        return torch.cat([-v, v], 1) / _SQRT_2

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
    """Cross-entropy of more than two classes.

    B is a Householder reflection without its first column. With s the sum of z, the logit of class 0 is s / √C, and
    that of any other class c is z_c - s / (C - √C). With s / (C - √C) added to all of them, which changes no
    probability, they are s / (√C - 1) and z itself, so nothing is copied. Gradients by the logits have the sum 0, so
    all that Bᵀ does is to add that of class 0, divided by √C - 1, to those of the others.
    """

    n_columns: int

    def rows(self, v: Tensor) -> Tensor:
        n_classes, total = self.n_columns + 1, v.sum(1, keepdim=True)
        rows = v.new_empty(len(v), n_classes, v.shape[2])
        rows[:, :1] = total / n_classes**0.5
        torch.sub(v, total / (n_classes - n_classes**0.5), out=rows[:, 1:])
        return rows

    def of_images(self, z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        is_first, column = labels == 0, (labels - 1).clamp_(min=0).expand(len(z), 1, -1)
        first = z.sum(1, keepdim=True) * self._share
        largest = torch.maximum(z.amax(1, keepdim=True), first)
        others, first_too = (z - largest).exp_(), (first - largest).exp_()
        total = others.sum(1, keepdim=True) + first_too
        of_label = torch.where(is_first, first, z.gather(1, column))
        losses = (total.log() + (largest - of_label))[:, 0]
        of_first = (first_too / total - is_first.to(z.dtype)) * self._share
        gradients = torch.addcmul(of_first, others, 1 / total, out=others)
        return losses, gradients.scatter_add_(1, column, is_first.to(z.dtype).sub_(1).expand(column.shape))

    @property
    def _share(self) -> float:
        return 1 / (math.sqrt(self.n_columns + 1) - 1)

    def curvature(self, z: Tensor, labels: Tensor) -> Tensor:
        p = self.rows(z[None])[0].softmax(0)
        return (1 - (p * p).sum(0)) / self.n_columns
