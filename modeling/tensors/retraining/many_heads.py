"""Many heads (last layers) at once, each solved to a certificate (paper, section 4.2; docs/methods.md).

For features X [n, d] with a constant appended, labels y, head k's weights w_k with Σ_i w_ik = 1 and C classes,

    F_k(W) = Σ_i w_ik · cross_entropy(W x_i, y_i) + λ/2 ‖W‖²,    W [C, d + 1], its bias penalised too

is λ-strongly convex, so that F_k(W) - F_k* ≤ ‖∇F_k(W)‖² / (2λ), the gap: that is the certificate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.tensors.linear_algebra.tensor_conversion import as_tensor
from modeling.tensors.retraining.input_checks import (
    check_problem,
    check_tolerance,
    check_values,
    check_weights,
    naming_bad_values,
)
from modeling.tensors.retraining.loss_weights import HeadWeights
from modeling.tensors.retraining.problem import Problem
from modeling.tensors.retraining.shared_start import SharedStart, start_of
from modeling.tensors.retraining.solver import Solution, solve

_FEATURES_PER_NUMBER = (
    28  # heads are taken so few at once that a kept number a head and image is this small beside the features,
)
_SMALL = 1 << 20  # or that there are no more such numbers


@dataclass(frozen=True)
class TrainedHeads:
    """What `train_heads` returns, for K heads of C classes on d features, in float64.

    coef: [K, C, d] and intercept: [K, C], the logits being coef @ x + intercept.
    loss: [K], the objective F reached, penalty included.
    gap: [K], the certificate: F is at most this far above its minimum.
    iterations: of the solver, the slowest head's.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    loss: NDArray[np.float64]
    gap: NDArray[np.float64]
    iterations: int

    @classmethod
    def of(cls, coefficients: Tensor, solutions: Sequence[Solution]) -> Self:
        """From coefficients [K, C, d + 1], the bias last, and what the solver says of these heads, batch by batch."""
        on_cpu = coefficients.cpu().numpy()
        return cls(
            coef=on_cpu[:, :, :-1].copy(),
            intercept=on_cpu[:, :, -1].copy(),
            loss=torch.cat([each.loss for each in solutions]).cpu().numpy(),
            gap=torch.cat([each.gap for each in solutions]).cpu().numpy(),
            iterations=max(each.iterations for each in solutions),
        )


def train_heads(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating],
    l2: float,
    n_classes: int | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    start: SharedStart | None = None,
    device: str | torch.device = "cpu",
) -> TrainedHeads:
    """Train K heads on the same features and labels, one for each column of weights.

    features: float[n, d], standardised; labels: int[n] in [0, C); weights: float[n, K] ≥ 0, each column is divided by
    its sum; l2: λ > 0; n_classes: C ≥ 2, by default one more than the largest label;
    tolerance: every head ends with gap ≤ tolerance × loss;
    start: of `prepare_start` for the same features, labels, l2 and n_classes; made here where it is None.

    The result is a function of the input (and of the machine and its number of threads: sums may round differently).
    Features in float32 are used where they lie. Where they are large, a quarter of their memory is enough beside them.
    Raises BadArray for input that does not fit, NotConverged where a head misses the tolerance in max_iterations.
    """
    n_classes = check_problem(features, labels, l2, n_classes)
    if start is None or not start.caches(features):
        check_values(features)
    check_weights(weights, len(labels))
    check_tolerance(tolerance)
    with torch.inference_mode(), naming_bad_values(features):
        problem = Problem.of(features, labels, l2, n_classes, device)
        start, problem = (start_of(problem), problem) if start is None else start.fitting(problem)
        solutions = [
            solve(problem, batch, start.reference, start.metric, tolerance, max_iterations)
            for batch in batches(problem, as_tensor(weights).to(device))
        ]
        return TrainedHeads.of(problem.cross_entropy.basis @ torch.cat([each.v for each in solutions]), solutions)


def batches(problem: Problem, weights: Tensor) -> Iterator[HeadWeights]:
    """The heads of weights [n, K] in so many batches that what is kept of every head and image is little."""
    n, d = problem.features.shape
    at_once = max(max(d // _FEATURES_PER_NUMBER, _SMALL // n) // problem.n_columns, 1)
    for batch in weights.tensor_split(-(-weights.shape[1] // at_once), dim=1):
        yield HeadWeights.of(batch, problem.features.dtype)
