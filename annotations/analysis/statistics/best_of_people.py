"""What the best-scored of some people gains, and what the best of other people might."""

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import LEVEL


def best_of_people(scores: NDArray[np.float64], gains: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the gain of the person with the highest score, the first of tied ones, and its interval over people.

    scores, gains: float64[n] of n ≥ 1 people. The interval is the percentile bootstrap's, without drawing: of n people
    drawn with replacement the best is the one of rank r with probability (1 - (r - 1)/n)^n - (1 - r/n)^n.

    >>> best_of_people(np.array([0.5, 0.9, 0.1]), np.array([0.2, 0.3, 0.0]))
    (0.3, 0.0, 0.3)
    """
    n = len(scores)
    ranked = gains[np.argsort(-scores, kind="stable")]
    none_above = (1 - np.arange(n + 1) / n) ** n
    by_gain = np.argsort(ranked, kind="stable")
    reached = np.cumsum((none_above[:-1] - none_above[1:])[by_gain])
    ends = np.searchsorted(reached, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = ranked[by_gain[ends]]
    return float(ranked[0]), float(low), float(high)
