"""Intervals of differences of worst groups, kept: the analysis of a study that goes on asks for the same ones again."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval, own_gain_interval, paired_counts


def kept_gain(run: NDArray[np.bool_], beside: NDArray[np.bool_], groups: NDArray[np.int64]) -> GainInterval:
    """Return how far the worst group of one model is above that of another. run, beside: bool[n], which are right."""
    found = _kept(paired_counts(run, beside, groups).tobytes())
    step_done()
    return found


@lru_cache(maxsize=4_096)
def _kept(cells: bytes) -> GainInterval:
    return own_gain_interval(np.frombuffer(cells, np.int64).reshape(-1, 4))
