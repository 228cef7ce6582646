"""Two models whose errors on the same images are correlated, as their intervals are tried on: tests and benchmarks."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval, own_gain_interval, paired_counts

CORRELATION = 0.6  # of what decides whether a model is right
SHAPES = {  # accuracies by group, of the control and of the run
    "none tied": ([0.6, 0.9, 0.9, 0.9], [0.6, 0.9, 0.9, 0.9]),
    "control tied": ([0.6] * 4, [0.6, 0.9, 0.9, 0.9]),
    "run tied": ([0.6, 0.9, 0.9, 0.9], [0.6] * 4),
    "other groups": ([0.6, 0.7, 0.9, 0.9], [0.7, 0.6, 0.9, 0.9]),
    "eight tied": ([0.6] + [0.9] * 7, [0.6] * 8),
}


def truth(name: str) -> float:
    control, run = SHAPES[name]
    return min(run) - min(control)


def simulated(name: str, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the counts of n images a group."""
    control, run = SHAPES[name]
    latent = rng.multivariate_normal([0, 0], [[1, CORRELATION], [CORRELATION, 1]], (len(run), n))
    right = latent <= np.array([levels(run), levels(control)]).T[:, None]
    return paired_counts(right[..., 0].ravel(), right[..., 1].ravel(), np.repeat(np.arange(len(run)), n))


def levels(accuracies: Sequence[float]) -> list[float]:
    return [NormalDist().inv_cdf(each) for each in accuracies]


def intervals(name: str, n: int, data_sets: int, draws: int, seed: int = 8) -> list[GainInterval]:
    """Return the interval of each of so many data sets."""
    rng = np.random.default_rng(seed)
    return [own_gain_interval(simulated(name, n, rng), draws) for _ in range(data_sets)]


def coverage(name: str, found: Sequence[GainInterval]) -> float:
    true = truth(name)
    return float(np.mean([each.low - 1e-12 <= true <= each.high + 1e-12 for each in found]))


def percentile_coverage(name: str, n: int, data_sets: int, draws: int, seed: int = 8) -> float:
    """Return the same of the percentile interval, which every worst group had until 0.18."""
    rng, held, true = np.random.default_rng(seed), 0, truth(name)
    for _ in range(data_sets):
        cells = simulated(name, n, rng)
        drawn = np.stack([rng.multinomial(n, each / n, draws) for each in cells], axis=1) / n
        worst = (drawn[..., 0] + drawn[..., 1]).min(axis=1) - (drawn[..., 0] + drawn[..., 2]).min(axis=1)
        low, high = np.quantile(worst, [0.025, 0.975])
        held += low <= true <= high
    return held / data_sets
