"""How often intervals hold the true mean, and difference of means: why Student's and Welch's are the headline's.

The table in docs/analysts/statistics.md is of the same simulation with 4,000 samples a cell and 999 resamples.
"""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from annotations.analysis.statistics.estimates import t_interval
from annotations.analysis.statistics.mean_differences import welch

SAMPLES, RESAMPLES = 300, 499  # a cell: two standard errors of a coverage of .95 are .025
SIZES = (5, 12, 23)
Values = NDArray[np.float64]
Bounds = tuple[Values, Values]


def _own_gains(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """Two in five people gain nothing, the others 25 points, give or take 10."""
    return np.where(rng.random(shape) < 0.4, 0.0, rng.normal(0.25, 0.1, shape))


Draw = Callable[[np.random.Generator, tuple[int, ...]], Values]
POPULATIONS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, shape: rng.normal(size=shape), 0.0),
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0),
    "own gain": (_own_gains, 0.15),
}


def student(samples: Values) -> Bounds:
    bounds = np.array([t_interval(sample) for sample in samples])
    return bounds[:, 0], bounds[:, 1]


def bca(samples: Values, resamples: int, rng: np.random.Generator) -> Bounds:
    found = [
        stats.bootstrap((part,), np.mean, axis=-1, n_resamples=resamples, rng=rng).confidence_interval
        for part in np.array_split(samples, max(1, len(samples) // 250))
    ]
    return np.concatenate([each.low for each in found]), np.concatenate([each.high for each in found])


def studentised(samples: Values, resamples: int, rng: np.random.Generator) -> Bounds:
    bounds = []
    for sample in samples:
        drawn = sample[rng.integers(0, len(sample), (resamples, len(sample)))]
        error = stats.sem(sample)
        t = np.nan_to_num(
            (drawn.mean(axis=1) - sample.mean()) / stats.sem(drawn, axis=1), posinf=np.inf, neginf=-np.inf
        )
        low, high = np.quantile(t, [0.025, 0.975], method="inverted_cdf")
        bounds.append((sample.mean() - high * error, sample.mean() - low * error))
    low, high = np.array(bounds).T
    return low, high


def coverage(bounds: Bounds, true: float) -> float:
    return float(((bounds[0] <= true) & (true <= bounds[1])).mean())


def of_means(samples: int, resamples: int) -> dict[tuple[str, int], dict[str, float]]:
    """The coverage of each interval of a mean, and the share of studentised ones without an end."""
    found = {}
    for name, (draw, true) in POPULATIONS.items():
        for n in SIZES:
            rng = np.random.default_rng(0)
            drawn = draw(rng, (samples, n))
            endless = studentised(drawn, resamples, rng)
            found[name, n] = {
                "student": coverage(student(drawn), true),
                "bca": coverage(bca(drawn, resamples, rng), true),
                "studentised": coverage(endless, true),
                "endless": float((~np.isfinite(endless[1] - endless[0])).mean()),
            }
    return found


def of_differences(samples: int, resamples: int) -> dict[tuple[str, int], dict[str, float]]:
    """The coverage of Welch's interval and of a percentile bootstrap, for two groups of one population."""
    found = {}
    for name, (draw, _) in POPULATIONS.items():
        for n in SIZES:
            rng = np.random.default_rng(0)
            first, second = draw(rng, (samples, n)), draw(rng, (samples, n))
            by_welch = np.array([welch(*pair)[:2] for pair in zip(first, second, strict=True)], np.float64)
            resampled = np.array(
                [
                    b[rng.integers(0, n, (resamples, n))].mean(axis=1)
                    - a[rng.integers(0, n, (resamples, n))].mean(axis=1)
                    for a, b in zip(first, second, strict=True)
                ]
            )
            low, high = np.quantile(resampled, [0.025, 0.975], axis=1)
            found[name, n] = {
                "welch": coverage((by_welch[:, 0], by_welch[:, 1]), 0.0),
                "percentile": coverage((low, high), 0.0),
            }
    return found


@pytest.mark.filterwarnings("ignore")  # of resamples that are all alike
def test_students_interval_covers_best_of_those_that_have_two_ends() -> None:
    found = of_means(SAMPLES, RESAMPLES)
    for (name, n), of in found.items():
        assert of["student"] > of["bca"] - 0.02, (name, n)
        if name != "exponential":
            assert of["student"] > 0.9, (name, n)
    assert found["normal", 5]["bca"] < 0.88
    assert found["exponential", 5]["bca"] < found["exponential", 5]["student"] - 0.04
    # The studentised bootstrap covers skewed data better, but often has no end where people gain nothing.
    assert found["exponential", 5]["studentised"] > found["exponential", 5]["student"]
    assert found["own gain", 5]["endless"] > 0.2


def test_welchs_interval_of_a_difference_covers_where_a_percentile_bootstrap_does_not() -> None:
    found = of_differences(SAMPLES, RESAMPLES)
    assert all(0.92 < of["welch"] < 1 for of in found.values())
    assert all(found[name, 5]["percentile"] < 0.92 for name in POPULATIONS)
