"""Training of a few rows of a head: what the other rows contribute to each image's loss.

With W_A the free rows, and the other rows those of a trained head, an image's cross-entropy is

    log(exp(r_i) + Σ_{c in A} exp(W_c x_i)) - logit of y_i,    r_i = log Σ_{c not in A} exp(W_c x_i)

r is computed once, so a pass costs |A| products per image, not C.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.retraining.blocks import Bfloat16Blocks
from clarify_errors.tensors.retraining.input_checks import check_classes, check_problem, check_values
from clarify_errors.tensors.retraining.problem import Problem


@dataclass(frozen=True, eq=False)
class FreeRows:
    """A trained head of which only some rows move, from `free_rows`, with its images.

    Attributes
    ----------
    problem : Problem
        In the free rows.
    head : float64 Tensor of shape (C, d + 1)
        The bias is last.
    rows : int64 Tensor of shape (|A|,)
        The free rows, sorted.
    """

    problem: Problem
    head: Tensor
    rows: Tensor


@dataclass(frozen=True, eq=False)
class FrozenLogits:
    """Cross-entropy with a few free rows.

    Where others take labels, it takes image numbers.

    Attributes
    ----------
    n_columns : int
        |A|: a free row is its own coordinate.
    place : int64 Tensor of shape (n,)
        Place of the label among the free rows; |A| if its row is not free.
    others : float64 Tensor of shape (n,)
        r.
    of_label : float64 Tensor of shape (n,)
        The label's logit if its row is not free, otherwise 0.
    """

    n_columns: int
    place: Tensor
    others: Tensor
    of_label: Tensor

    def rows(self, v: Tensor) -> Tensor:
        """Return V itself.

        Parameters
        ----------
        v : Tensor of shape (K, b, p)

        Returns
        -------
        Tensor of shape (K, b, p)
        """
        return v

    def of_images(self, z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the cross-entropy of each image, and its gradient by z.

        Parameters
        ----------
        z : Tensor of shape (K, b, m)
        labels : int64 Tensor of shape (m,)
            Numbers of the images.

        Returns
        -------
        losses : Tensor of shape (K, m)
        gradients : Tensor of shape (K, b, m)
        """
        others, of_label = self.others[labels].to(z.dtype), self.of_label[labels].to(z.dtype)
        log_total = torch.logaddexp(z.logsumexp(1), others)
        is_label = self._is_label(labels, z.dtype)
        losses = log_total - (z * is_label).sum(1) - of_label
        return losses, (z - log_total[:, None]).exp() - is_label

    def curvature(self, z: Tensor, labels: Tensor) -> Tensor:
        """Compute the mean diagonal entry of the Hessian by z, for one head.

        Parameters
        ----------
        z : Tensor of shape (b, m)
        labels : int64 Tensor of shape (m,)
            Numbers of the images.

        Returns
        -------
        Tensor of shape (m,)
        """
        p = (z - torch.logaddexp(z.logsumexp(0), self.others[labels].to(z.dtype))).exp()
        return (p * (1 - p)).mean(0)

    def _is_label(self, images: Tensor, dtype: torch.dtype) -> Tensor:
        """[|A|, m]"""
        rows = torch.arange(self.n_columns, device=images.device)
        return (rows[:, None] == self.place[images]).to(dtype)


def free_rows(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    l2: float,
    head: tuple[NDArray[np.floating], NDArray[np.floating]],
    classes: Sequence[int],
    device: str | torch.device = "cpu",
) -> FreeRows:
    """Compute what the rows that do not move contribute, for all loss weights.

    Parameters
    ----------
    features : ndarray of shape (n, d)
        Standardised floats, at most 1e6 in absolute value.
    labels : ndarray of shape (n,)
        Integer classes in [0, C); at least two occur.
    l2 : float
        Penalty λ > 0; it includes the bias.
    head : (ndarray of shape (C, d), ndarray of shape (C,))
        The trained head's coefficients and intercepts, finite floats.
    classes : sequence of int
        Classes whose rows are trained: distinct, in [0, C), at least one.
    device : str or torch.device, default "cpu"

    Returns
    -------
    FreeRows

    Raises
    ------
    BadArray
        If an input has a wrong shape, type or range.
    """
    whole = _checked_head(*head, features)
    n_classes = check_problem(features, labels, l2, len(whole))
    check_values(features)
    check_classes(classes, n_classes)
    with torch.inference_mode():
        problem, rows = (
            Problem.of(features, labels, l2, n_classes, device),
            torch.tensor(sorted(classes), dtype=torch.int64),
        )
        there = torch.from_numpy(whole).to(device)
        images = torch.arange(len(labels), device=problem.labels.device)
        frozen = _frozen_logits(problem, there, rows)
        blocks = Bfloat16Blocks.of(problem.features, len(rows))
        free = replace(problem, labels=images, cross_entropy=frozen, bfloat16_blocks=blocks)
        return FreeRows(free, there, rows)


def _checked_head(
    coef: NDArray[np.floating], intercept: NDArray[np.floating], features: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Check a head against features, and join its coefficients: [C, d + 1], the bias last."""
    fits = coef.ndim == features.ndim == 2 and coef.shape[1] == features.shape[1]
    if not fits or intercept.shape != coef.shape[:1]:
        raise BadArray(
            f"coef {coef.shape} and intercept {intercept.shape} must be [C, d] and [C] for features {features.shape}"
        )
    head = np.concatenate([coef, intercept[:, None]], axis=1).astype(np.float64)
    bad = ~np.isfinite(head).all(axis=1)
    if bad.any():
        raise BadArray(f"the head must be finite, but its row {int(np.argmax(bad))} is not")
    return head


def _frozen_logits(problem: Problem, head: Tensor, free: Tensor) -> FrozenLogits:
    """Compute a head's logits, and keep what the frozen rows contribute."""
    is_free = torch.zeros(len(head), dtype=torch.bool, device=head.device)
    is_free[free] = True
    place = torch.full((len(head),), len(free), device=head.device)
    place[free] = torch.arange(len(free), device=head.device)
    labels = problem.labels
    others, of_label = (torch.empty(len(labels), dtype=torch.float64, device=head.device) for _ in range(2))
    for block, z in problem.products(head[None], torch.float64, torch.float64, 1):
        rows = block.rows
        others[rows] = z[0, ~is_free].logsumexp(0)  # -inf if all rows are free
        of_label[rows] = z[0].gather(0, labels[rows][None])[0]
    return FrozenLogits(len(free), place[labels], others, of_label.where(~is_free[labels], 0))
