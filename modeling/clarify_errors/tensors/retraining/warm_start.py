"""Warm start of all heads of a data set: the class-balanced head, and the curvature of its loss.

It depends on features, labels, C and λ only, not on any head's weights. So it is prepared once and stored with the
data.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from clarify_errors.arrays.common.modeling_errors import BadArray, BadWarmStart
from clarify_errors.tensors.linear_algebra.matrix_products import matmul
from clarify_errors.tensors.linear_algebra.preconditioner import Preconditioner, whitening
from clarify_errors.tensors.linear_algebra.tensor_conversion import on_device
from clarify_errors.tensors.retraining.balanced_point import BalancedPoint
from clarify_errors.tensors.retraining.blocks import BLOCK_ROWS, PlainBlock, row_ranges, values_at_once
from clarify_errors.tensors.retraining.descent import Until, descend
from clarify_errors.tensors.retraining.input_checks import check_problem, check_values
from clarify_errors.tensors.retraining.loss_weights import HeadWeights, class_balanced
from clarify_errors.tensors.retraining.objective import ImageState, Point, evaluate
from clarify_errors.tensors.retraining.problem import Problem
from clarify_errors.tensors.retraining.solver import precisions

FORMAT = "clarify-warm-start-3"

_BLOCK = 128
_ROWS = 1024  # images in a product, on a CPU
_NEGLIGIBLE = 0.2  # share of the mean curvature: images that a head tells apart easily have less, and hardly count
PRECONDITIONER_ROWS = 20_000  # this many images determine the curvature well enough
_FIRST_ROWS = 1.5  # images per feature; enough for a first estimate of the curvature
_ROUGH, _LESS_ROUGH = 5e-3, 1e-3  # tolerances: the reference is only a start
_ROUGH_ITERATIONS = 50
_WORTH_A_SAMPLE = 8  # smallest stride of a sample: a larger one, kept in bfloat16, is not small beside the features


@dataclass(frozen=True)
class WarmStart:
    """Warm start of heads, from `prepare_start`.

    Attributes
    ----------
    reference : float64 Tensor of shape (C - 1, d + 1)
        The class-balanced head, in the coordinates of `cross_entropy`, the bias last.
    preconditioner : Preconditioner
        [d + 1, d + 1] in the features' precision, of Xᵀ D X + λ I. D is the curvature of the class-balanced loss there:
        the exact Hessian for two classes, otherwise the mean of its blocks' diagonals.
    l2 : float
        λ.
    cache : FeatureCache or None
        What is kept of small features, which makes training on them faster.
    """

    reference: Tensor
    preconditioner: Preconditioner
    l2: float
    cache: "FeatureCache | None" = field(default=None, compare=False, repr=False)

    @property
    def n_classes(self) -> int:
        """Return C."""
        return len(self.reference) + 1

    @property
    def n_features(self) -> int:
        """Return d."""
        return self.reference.shape[1] - 1

    def caching(
        self, features: NDArray[np.floating], labels: NDArray[np.integer], device: str | torch.device = "cpu"
    ) -> Self:
        """Return a copy with a cache, for training on these features more than once.

        Parameters
        ----------
        features : float ndarray of shape (n, d)
        labels : int ndarray of shape (n,)
        device : str or torch.device, default "cpu"
            Where they are trained on. Off the CPU they are found again only if they cannot be written (`on_device`).

        Returns
        -------
        WarmStart
            The cache takes up to twice as much memory as the features, and with many classes two numbers per image and
            class; large features are not cached. It is not saved.

        Raises
        ------
        BadArray
            If d differs, or numbers are not finite or not standardised.
        """
        if features.ndim != 2 or features.shape[1] != self.n_features:
            raise BadArray(f"the warm start is for features of shape (n, {self.n_features}), not {features.shape}")
        check_values(features)
        problem = Problem.of(features, labels, self.l2, self.n_classes, device)
        return replace(self, cache=FeatureCache.of(problem, self.reference.to(problem.features.device)))

    def caches(self, features: NDArray[np.floating]) -> bool:
        """Return whether these features are cached, and so checked.

        Parameters
        ----------
        features : float ndarray of shape (n, d)
            Compared by their place in memory.

        Returns
        -------
        bool
        """
        return self.cache is not None and self.cache.is_of(on_device(features, self.cache.problem.features.device))

    def matched_to(self, problem: Problem) -> tuple["WarmStart", Problem]:
        """Fit start and problem to each other.

        Parameters
        ----------
        problem : Problem

        Returns
        -------
        start : WarmStart
            On the problem's device.
        problem : Problem
            With what is cached of its features.

        Raises
        ------
        BadArray
            If the start was prepared for another number of classes or features, or another λ.
        """
        expected = problem.n_columns + 1, problem.features.shape[1], problem.l2
        if (self.n_classes, self.n_features, self.l2) != expected:
            raise BadArray(
                f"the warm start is for {self.n_classes} classes, {self.n_features} features and λ = {self.l2}, "
                "not for {} classes, {} features and λ = {}".format(*expected)
            )
        device = problem.features.device
        here = replace(self, reference=self.reference.to(device), preconditioner=self.preconditioner.to(device))
        if self.cache is None or not self.cache.is_of(problem.features):
            return replace(here, cache=None), problem
        return here, replace(problem, bfloat16_blocks=self.cache.problem.bfloat16_blocks)

    def logits(self, problem: Problem) -> Tensor:
        """Compute z = V x of the reference V, in the features' precision.

        Parameters
        ----------
        problem : Problem
            One that this start fits.

        Returns
        -------
        Tensor of shape (1, b, n)
        """
        return self.cache.logits if self.cache is not None else _logits(problem.features, self.reference)

    def evaluated(self, problem: Problem) -> BalancedPoint | None:
        """Return the reference with its evaluation, where that helps heads.

        Parameters
        ----------
        problem : Problem
            As `matched_to` returns it.

        Returns
        -------
        BalancedPoint or None
        """
        if self.cache is None or not BalancedPoint.pays(problem):
            return None
        return self.cache.balanced if torch.equal(self.cache.problem.labels, problem.labels) else None

    def save(self, path: Path) -> None:
        """Write a safetensors file; it exists complete or not at all.

        Parameters
        ----------
        path : pathlib.Path
        """
        unfinished = path.with_name(f".partial-{uuid4().hex}-{path.name}")  # two processes may write at once
        l2 = torch.tensor(self.l2, dtype=torch.float64)
        tensors = {"reference": self.reference.cpu(), "whitening": self.preconditioner.whitening.cpu(), "l2": l2}
        save_file(tensors, unfinished, {"format": FORMAT})
        unfinished.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote, to the bit.

        Parameters
        ----------
        path : pathlib.Path

        Returns
        -------
        WarmStart

        Raises
        ------
        BadWarmStart
            If the file is not a warm start of this format.
        OSError
            If there is no file.
        """
        try:
            with safe_open(path, "pt") as file:
                if (file.metadata() or {}).get("format") != FORMAT:
                    raise BadWarmStart(f"{path} is not a warm start of the format {FORMAT}")
                # Products round by the alignment of a tensor in memory. A copy is aligned as computed tensors are.
                reference, whitening = (file.get_tensor(name).clone() for name in ("reference", "whitening"))
                return cls(reference, Preconditioner(whitening), file.get_tensor("l2").item())
        except SafetensorError as error:
            raise BadWarmStart(f"{path} is not a warm start: {error}") from error


@dataclass(frozen=True)
class FeatureCache:
    """Data computed from small features, for training on them more than once.

    Attributes
    ----------
    problem : Problem
        With blocks in bfloat16.
    reference : Tensor of shape (b, p)
    """

    problem: Problem
    reference: Tensor

    @classmethod
    def of(cls, problem: Problem, reference: Tensor) -> Self | None:
        """Make the cache of a problem; None if its features are large.

        Parameters
        ----------
        problem : Problem
        reference : Tensor of shape (b, p)

        Returns
        -------
        FeatureCache or None
        """
        return cls(problem, reference) if problem.bfloat16_blocks else None

    def is_of(self, features: Tensor) -> bool:
        """Return whether it is of these features, by their place in memory.

        Parameters
        ----------
        features : Tensor of shape (n, d)

        Returns
        -------
        bool
        """
        blocks = self.problem.bfloat16_blocks
        return blocks is not None and blocks.are_of(features)

    @cached_property
    def logits(self) -> Tensor:
        """Return z = V x of the reference V, [1, b, n]."""
        return _logits(self.problem.features, self.reference)

    @cached_property
    def balanced(self) -> BalancedPoint:
        """Return the reference as a point of the class-balanced head."""
        return BalancedPoint(self.problem, self.reference, self.logits)


def prepare_start(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    l2: float,
    n_classes: int | None = None,
    device: str | torch.device = "cpu",
) -> WarmStart:
    """Train the class-balanced head roughly, and whiten the curvature of its loss.

    This is the part of `train_heads` that needs to be done only once.

    Parameters
    ----------
    features : float ndarray of shape (n, d)
        Standardised, at most 1e6 in absolute value.
    labels : int ndarray of shape (n,)
        Classes in [0, C); at least two occur.
    l2 : float
        λ > 0.
    n_classes : int, optional
        C ≥ 2. Default: largest label + 1.
    device : str or torch.device, default "cpu"

    Returns
    -------
    WarmStart

    Raises
    ------
    BadArray
        If an input has a wrong shape, type or range.
    """
    n_classes = check_problem(features, labels, l2, n_classes)
    check_values(features)
    with torch.inference_mode():
        return start_of(Problem.of(features, labels, l2, n_classes, device))


def start_of(problem: Problem) -> WarmStart:
    """Prepare the warm start of a problem that is on its device.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    WarmStart
        With a cache of the problem's features if they are small.
    """
    weights, zero = class_balanced(problem.labels), problem.zeros(1)
    stride = _stride(problem, PRECONDITIONER_ROWS)
    whole = problem.every(problem.kept_stride)
    sample = problem.every(max(stride, problem.kept_stride)) if stride >= _WORTH_A_SAMPLE else whole
    first = curvature_preconditioner(problem, weights, zero[0], round(_FIRST_ROWS * zero.shape[2]))
    rough = _roughly(sample, zero, first, _LESS_ROUGH if sample is whole else _ROUGH)
    preconditioner = curvature_preconditioner(problem, weights, rough[0], PRECONDITIONER_ROWS)
    reference = (rough if sample is whole else _roughly(whole, rough, preconditioner, _LESS_ROUGH))[0]
    return WarmStart(reference, preconditioner, problem.l2, FeatureCache.of(problem, reference))


def _roughly(problem: Problem, v: Tensor, preconditioner: Preconditioner, tolerance: float) -> Tensor:
    """Lower the loss of the class-balanced head from V [1, b, p] until its gap is about tolerance × loss."""
    head = HeadWeights.of(class_balanced(problem.labels)[:, None], problem.features.dtype)
    precision = precisions(problem.features)[0]
    kept = ImageState.empty(problem, 1, precision.values)
    at = Point(v, evaluate(problem, head, v, problem.features.dtype, kept), kept)
    until = Until(tolerance * at.found.loss, _ROUGH_ITERATIONS)
    return descend(problem, head, at, preconditioner.to(precision.operands), precision, until)[0]


def _stride(problem: Problem, max_rows: int) -> int:
    """Return the stride at which about `max_rows` images are taken."""
    return max(1, round(len(problem.features) / max_rows))


def curvature_preconditioner(problem: Problem, weights: Tensor, v: Tensor, max_rows: int) -> Preconditioner:
    """Compute the preconditioner of Xᵀ D X + λ I, D the loss's curvature at V.

    Parameters
    ----------
    problem : Problem
    weights : Tensor of shape (n,)
        Of the images.
    v : Tensor of shape (b, p)
    max_rows : int
        Of more images than about this, every second, third, … is used, which keeps the shares of sorted classes.
        Those that hardly curve the loss are left out.

    Returns
    -------
    Preconditioner
        [p, p], in the features' precision.
    """
    stride = _stride(problem, max_rows)
    sample = problem.every(stride)
    weights = weights[::stride] / weights[::stride].sum()
    dtype, p = problem.features.dtype, v.shape[1]
    total = torch.zeros(p, p, dtype=dtype, device=v.device)
    blocks = ((block.rows, z[0]) for block, z in sample.products(v[None], dtype, dtype, 1))
    d = torch.cat([sample.cross_entropy.curvature(z, sample.labels[rows]) for rows, z in blocks]) * weights.to(dtype)
    kept = (d > _NEGLIGIBLE * d.mean()).nonzero()[:, 0]
    for rows in row_ranges(len(kept), values_at_once(v.device, _ROWS * p) // p):
        _add_lower_triangle(total, sample.features[kept[rows]], d[kept[rows]])
    rounding = torch.finfo(dtype).eps * len(total) * float(total.diagonal().max())
    total.diagonal().add_(max(problem.l2, rounding))  # keeps it positive definite in spite of rounding
    return Preconditioner(whitening(total))


def _add_lower_triangle(total: Tensor, x: Tensor, weights: Tensor) -> None:
    """Add Σ_i w_i x_i x_iᵀ to [p, p], for rows x [m, d] with 1 appended and weights [m]; mostly below the diagonal."""
    roots, d = weights.sqrt(), x.shape[1]
    columns = x.new_empty(d, len(x)).copy_(x.T).mul_(roots)  # its blocks of rows have no gaps in memory
    for start in range(0, d, _BLOCK):
        block = slice(start, min(start + _BLOCK, d))
        total[start:d, block] += matmul(columns[start:], columns[block].T)
    total[d, :d] += columns @ roots
    total[d, d] += weights.sum()


def _logits(x: Tensor, v: Tensor) -> Tensor:
    """Compute V x, [1, b, n], of features x [n, d] and V [b, p], in the features' precision."""
    blocks = [PlainBlock(rows, x[rows]).logits(v[:, :-1]) for rows in row_ranges(len(x), BLOCK_ROWS)]
    return (torch.cat(blocks, 1) + v[:, -1:].to(x.dtype))[None]
