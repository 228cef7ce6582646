"""Crowds whose truth is known, as the statements on a mean own gain are tried on: tests and benchmarks."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimates import t_interval
from annotations.analysis.statistics.mean_differences import mean_interval, p_value_beside_slices
from clarify_errors.arrays.retraining.random_slice_gains import SliceGains

Values = NDArray[np.float64]
LARGEST = 0.4  # what the best known word gains


def few_finders(share: float, gain: float) -> Callable[[np.random.Generator, int], Values]:
    return lambda rng, n: np.where(rng.random(n) < share, gain, 0.0)


POPULATIONS = {"10% find 26 points": (few_finders(0.1, 0.26), 0.026), "90% do": (few_finders(0.9, 0.26), 0.234)}


def coverage(name: str, n: int, samples: int, seed: int = 0) -> tuple[float, float]:
    """Return how often Student's interval, and the extended one, hold the mean."""
    draw, truth = POPULATIONS[name]
    rng, held = np.random.default_rng(seed), np.zeros(2)
    for _ in range(samples):
        gains = draw(rng, n)
        both = t_interval(gains), mean_interval(gains, gains > 0.02, LARGEST)
        held += [low - 1e-12 <= truth <= high + 1e-12 for low, high in both]
    student, extended = held / samples
    return float(student), float(extended)


def rejected(n: int, tries: int, n_draws: int, crowds: int, seed: int = 0) -> tuple[float, float]:
    """Return how often crowds that are random slices are said to gain something: against 0, and beside slices.

    Slices gain 2 points on average. A score tells a part of what a slice gains, and the best of so many is taken.
    """
    rng, found = np.random.default_rng(seed), np.zeros(2)
    for _ in range(crowds):
        gains, scores = _slices(rng, (n, tries))
        people = gains[np.arange(n), scores.argmax(axis=1)]
        slices = SliceGains.of(*_slices(rng, (n_draws,)))
        p = p_value_beside_slices(people.tolist(), [slices] * n, [tries] * n)
        low, high = t_interval(people)
        found += [not low <= 0 <= high, p is not None and p < 0.05]
    against_0, beside = found / crowds
    return float(against_0), float(beside)


def _slices(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Values, Values]:
    gains = rng.normal(0.02, 0.03, shape)
    return gains, gains + rng.normal(0, 0.03, shape)
