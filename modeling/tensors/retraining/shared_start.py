"""What all heads of a data set start from: the class-balanced head, and the curvature of its loss as their metric.

It depends on features, labels, C and λ only, not on any head's weights, so it is prepared once and kept with the data.
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

from modeling.arrays.common.modeling_errors import BadArray, BadSharedStart
from modeling.tensors.linear_algebra.matrix_products import matmul
from modeling.tensors.linear_algebra.tensor_conversion import as_tensor
from modeling.tensors.retraining.blocks import BLOCK_ROWS, Halves, PlainBlock, row_ranges
from modeling.tensors.retraining.descent import descend
from modeling.tensors.retraining.input_checks import check_problem, check_values
from modeling.tensors.retraining.lbfgs import Pairs
from modeling.tensors.retraining.loss_weights import HeadWeights
from modeling.tensors.retraining.metric import Metric, whitening
from modeling.tensors.retraining.objective import ImageState, evaluate
from modeling.tensors.retraining.problem import Problem
from modeling.tensors.retraining.solver import precisions

FORMAT = "clarify-shared-start-2"

_BLOCK = 256
METRIC_ROWS = 20_000  # as many images are enough to know the curvature
_FIRST_METRIC = 2  # images for each feature are enough for a first impression
_ROUGH, _LESS_ROUGH = 5e-3, 1e-3  # the reference is only a start, and the metric is taken on the way to it
_ROUGH_ITERATIONS = 50
_WORTH_A_SAMPLE = 8  # times as many images: more of them, kept in bfloat16, would not be little beside the features


@dataclass(frozen=True)
class SharedStart:
    """What `prepare_start` returns.

    reference: float64[C - 1, d + 1], the class-balanced head (in the coordinates of `cross_entropy`, the bias last).
    metric: [d + 1, d + 1] in the features' precision, of Xᵀ D X + λ I, with D the curvature of the class-balanced loss
    there: the exact Hessian for two classes; for more, the mean of its blocks' diagonals.
    """

    reference: Tensor
    metric: Metric
    l2: float
    cache: "FeatureCache | None" = field(default=None, compare=False, repr=False)  # where they are small

    @property
    def n_classes(self) -> int:
        return len(self.reference) + 1

    @property
    def n_features(self) -> int:
        return self.reference.shape[1] - 1

    def caching(self, features: NDArray[np.floating]) -> Self:
        """The same for who trains on these features, float[n, d], more than once: what is made of them is kept with it.

        That takes as much memory as they do, and nothing where they are large. It is not saved.
        Raises BadArray for other sizes, and for numbers that are not finite or not standardised.
        """
        if features.ndim != 2 or features.shape[1] != self.n_features:
            raise BadArray(f"the shared start is for features [n, {self.n_features}], not {features.shape}")
        check_values(features)
        return replace(self, cache=FeatureCache.of(Halves.of(as_tensor(features)), self.reference))

    def caches(self, features: NDArray[np.floating]) -> bool:
        """Whether something is kept of these very features, in the same memory: their values were checked then."""
        return self.cache is not None and self.cache.halves.are_of(as_tensor(features))

    def fitting(self, problem: Problem) -> tuple["SharedStart", Problem]:
        """The same on the problem's device, and the problem with what is kept of its features.

        Raises BadArray where it was prepared for other sizes or another λ.
        """
        expected = problem.n_columns + 1, problem.features.shape[1], problem.l2
        if (self.n_classes, self.n_features, self.l2) != expected:
            raise BadArray(
                f"the shared start is for {self.n_classes} classes, {self.n_features} features and λ = {self.l2}, "
                "not for {} classes, {} features and λ = {}".format(*expected)
            )
        device = problem.features.device
        here = replace(self, reference=self.reference.to(device), metric=self.metric.to(device))
        if self.cache is not None and self.cache.halves.are_of(problem.features):
            return here, replace(problem, halves=self.cache.halves)
        return replace(here, cache=None), problem

    def logits(self, problem: Problem) -> Tensor:
        """z = V x of the reference V, [1, b, n], of a problem that this start fits, in its features' precision."""
        return self.cache.logits if self.cache is not None else _logits(problem.features, self.reference)

    def save(self, path: Path) -> None:
        """Write it as one safetensors file, which is there complete or not at all."""
        unfinished = path.with_name(f".partial-{uuid4().hex}-{path.name}")  # two may write at once
        l2 = torch.tensor(self.l2, dtype=torch.float64)
        tensors = {"reference": self.reference.cpu(), "whitening": self.metric.whitening.cpu(), "l2": l2}
        save_file(tensors, unfinished, {"format": FORMAT})
        unfinished.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote, to the bit. Raises BadSharedStart for another file, OSError where there is none."""
        try:
            with safe_open(path, "pt") as file:
                if (file.metadata() or {}).get("format") != FORMAT:
                    raise BadSharedStart(f"{path} is not a shared start of the format {FORMAT}")
                # where a tensor lies in a file says how products with it are rounded: a copy lies as what was computed
                reference, whitening = (file.get_tensor(name).clone() for name in ("reference", "whitening"))
                return cls(reference, Metric(whitening), file.get_tensor("l2").item())
        except SafetensorError as error:
            raise BadSharedStart(f"{path} is not a shared start: {error}") from error


class FeatureCache:
    """What is made of small features, for who trains on them more than once."""

    def __init__(self, halves: Halves, reference: Tensor) -> None:
        self.halves, self._reference = halves, reference

    @classmethod
    def of(cls, halves: Halves | None, reference: Tensor) -> "FeatureCache | None":
        return None if halves is None else cls(halves, reference)

    @cached_property
    def logits(self) -> Tensor:
        """z = V x of the reference V, [1, b, n]."""
        return _logits(self.halves.features, self._reference)


def prepare_start(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    l2: float,
    n_classes: int | None = None,
    device: str | torch.device = "cpu",
) -> SharedStart:
    """Train the class-balanced head roughly and whiten its curvature: the one-off part of `train_heads`.

    features: float[n, d], standardised; labels: int[n] in [0, C); l2: λ > 0; n_classes: C ≥ 2, by default one more than
    the largest label. Raises BadArray for input that does not fit.
    """
    n_classes = check_problem(features, labels, l2, n_classes)
    check_values(features)
    with torch.inference_mode():
        return start_of(Problem.of(features, labels, l2, n_classes, device))


def start_of(problem: Problem) -> SharedStart:
    """The same for a problem that is on its device already; what was made of the problem's features is kept."""
    weights, zero = _class_balanced(problem.labels), problem.zeros(1)
    stride = _stride(problem, METRIC_ROWS)
    sample = problem.every(stride) if stride >= _WORTH_A_SAMPLE else problem
    rough = _roughly(sample, zero, curvature_metric(problem, weights, zero[0], _FIRST_METRIC * zero.shape[2]), _ROUGH)
    metric = curvature_metric(problem, weights, rough[0], METRIC_ROWS)
    reference = _roughly(problem, rough, metric, _LESS_ROUGH)[0]
    return SharedStart(reference, metric, problem.l2, FeatureCache.of(problem.halves, reference))


def _roughly(problem: Problem, v: Tensor, metric: Metric, tolerance: float) -> Tensor:
    """Lower the loss of the class-balanced head from V [1, b, p] until its gap is about tolerance × loss."""
    head = HeadWeights.of(_class_balanced(problem.labels)[:, None], problem.features.dtype)
    precision = precisions(problem.features)[0]
    metric = metric.to(precision.operands)
    kept = ImageState.empty(problem, 1, precision.values)
    found = evaluate(problem, head, v, problem.features.dtype, kept.z, kept.residuals)
    goal = tolerance * found.loss
    return descend(problem, head, v, found, kept, metric, precision, goal, _ROUGH_ITERATIONS, Pairs()).v


def _stride(problem: Problem, max_rows: int) -> int:
    """Every how many images are taken, to be about `max_rows`."""
    return max(1, round(len(problem.features) / max_rows))


def _class_balanced(labels: Tensor) -> Tensor:
    """float64[n], weights that give each class that has images the same mass, with sum 1."""
    counts = torch.bincount(labels)
    return 1 / ((counts > 0).sum() * counts[labels]).double()


def curvature_metric(problem: Problem, weights: Tensor, v: Tensor, max_rows: int) -> Metric:
    """The metric [p, p] of Xᵀ D X + λ I, D the curvature of the loss with these weights [n] at V [b, p].

    Of more than about `max_rows` images, every second, third, … is taken, which keeps the shares of sorted classes.
    """
    stride = _stride(problem, max_rows)
    sample = problem.every(stride)
    weights = weights[::stride] / weights[::stride].sum()
    dtype, p = problem.features.dtype, v.shape[1]
    total = torch.zeros(p, p, dtype=dtype, device=v.device)
    for block, z in sample.products(v[None], dtype, dtype, 1):
        rows = block.rows
        d = weights[rows].to(dtype) * sample.cross_entropy.curvature(z[0], sample.labels[rows])
        _add_lower_triangle(total, sample.features[rows], d)
    rounding = torch.finfo(dtype).eps * len(total) * float(total.diagonal().max())
    total.diagonal().add_(max(problem.l2, rounding))  # it is positive definite in spite of rounding
    return Metric(whitening(total))


def _add_lower_triangle(total: Tensor, x: Tensor, weights: Tensor) -> None:
    """Add Σ_i w_i x_i x_iᵀ to [p, p], for rows x [m, d] with 1 appended and weights [m]; not all above the diagonal."""
    roots, d = weights.sqrt(), x.shape[1]
    columns = (x * roots[:, None]).T.contiguous()  # [d, m], of which blocks have no gaps
    for start in range(0, d, _BLOCK):
        block = slice(start, min(start + _BLOCK, d))
        total[start:d, block] += matmul(columns[start:], columns[block].T)
    total[d, :d] += columns @ roots
    total[d, d] += weights.sum()


def _logits(x: Tensor, v: Tensor) -> Tensor:
    """V x, [1, b, n], of features x [n, d] and V [b, p], in the features' precision."""
    blocks = [PlainBlock(rows, x[rows]).logits(v[:, :-1]) for rows in row_ranges(len(x), BLOCK_ROWS)]
    return (torch.cat(blocks, 1) + v[:, -1:].to(x.dtype))[None]
