"""How long a head takes on as many images as ImageNet has, where a class and the 10 it is confused with most move.

    python -m tests.scale.some_rows

plants 1,281,000 × 768 features of 1,000 classes in memory, trains a head roughly on the first 40,000,
and prints seconds: of what the other rows contribute, and of the solve.
"""

import time

import numpy as np
from numpy.typing import NDArray

from clarify_errors.tensors.retraining.frozen_logits import free_rows
from clarify_errors.tensors.retraining.many_heads import train_heads, train_some_classes
from clarify_errors.tensors.retraining.warm_start import prepare_start
from tests.benchmarks.planted import L2, Planted, planted_classes

N, D, N_CLASSES, N_CONFUSED = 1_281_000, 768, 1_000, 10
N_ROUGH = 40_000
TOLERANCE = 1e-6


def main() -> None:
    data = planted_classes(N, D, N_CLASSES, 1)
    coef, intercept = _rough_head(data)
    classes = [0, *_confused_with(data, coef, intercept)]
    began = time.perf_counter()
    free = free_rows(data.features, data.labels, L2, (coef, intercept), classes)
    print(f"the other rows: {time.perf_counter() - began:.1f} s")
    began = time.perf_counter()
    trained = train_some_classes(free, data.weights, tolerance=TOLERANCE)
    gap = trained.gap[0] / trained.loss[0]
    print(f"the solve: {time.perf_counter() - began:.1f} s, to a loss at most {gap:.1e} above the least, relatively")


def _rough_head(data: Planted) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = data.features[:N_ROUGH], data.labels[:N_ROUGH]
    start = prepare_start(x, y, L2, N_CLASSES)
    head = train_heads(x, y, np.ones((N_ROUGH, 1)), L2, n_classes=N_CLASSES, start=start, tolerance=1e-3)
    return head.coef[0], head.intercept[0]


def _confused_with(data: Planted, coef: NDArray[np.float64], intercept: NDArray[np.float64]) -> list[int]:
    """The classes that stand among the first three of class 0's images most often."""
    logits = data.features[data.labels == 0] @ coef.T + intercept
    logits[:, 0] = -np.inf
    first = np.argsort(-logits, axis=1)[:, :3]
    times = np.bincount(first.ravel(), minlength=N_CLASSES)
    return [int(each) for each in times.argsort()[::-1][:N_CONFUSED]]


if __name__ == "__main__":
    main()
