"""Accuracies by group on other images: those that were measured, drawn anew within each group."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_booleans, check_count, check_one_length, checked_ids
from clarify_errors.arrays.common.modeling_errors import BadArray

RESAMPLES = 2000
CONFIDENCE = 0.95


def resampled_accuracies(
    right: NDArray[np.bool_], groups: NDArray[np.integer], resamples: int = RESAMPLES, seed: int = 0
) -> NDArray[np.float64]:
    """Draw images anew within each group, the same for all classifiers.

    Parameters
    ----------
    right : bool ndarray of shape (K, n)
        Whether each of K classifiers is right on each image.
    groups : int ndarray of shape (n,)
        Group ids ≥ 0, n ≥ 1.
    resamples : int, default RESAMPLES
        Number of draws, ≥ 1.
    seed : int, default 0
        Of the draws, ≥ 0.

    Returns
    -------
    float64 ndarray of shape (K, resamples, G)
        Accuracies in the G groups that have images, in ascending order of their ids.

    Raises
    ------
    BadArray
        If a shape, type or value is invalid.

    Notes
    -----
    Each group keeps its number of images. Differences between classifiers are paired: what both find hard cancels.
    The draws hold the classifiers as they are; other training images would change those too.

    Examples
    --------
    >>> right = np.array([[True, True, False, True]])
    >>> drawn = resampled_accuracies(right, np.array([0, 0, 1, 1]), resamples=500)
    >>> drawn.shape, drawn[0, :, 0].min().item(), sorted(set(drawn[0, :, 1].tolist()))
    ((1, 500, 2), 1.0, [0.0, 0.5, 1.0])
    """
    if right.ndim != 2 or not len(right):
        raise BadArray(f"a row is expected for each classifier, not an array of shape {right.shape}")
    check_one_length(1, images=right[0], groups=groups)
    check_booleans(right.ravel(), "marks")
    check_count(resamples, "the number of draws")
    check_count(seed, "the seed", least=0)
    groups = checked_ids(groups, "group")
    rng, accuracies = np.random.default_rng(seed), []
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        drawn = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), size=resamples)
        counts = right[:, members].astype(np.float32) @ drawn.astype(np.float32).T
        accuracies.append(counts.astype(np.float64) / len(members))
    return np.stack(accuracies, axis=2)


def percentile_interval(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return the percentile interval of resampled values.

    Parameters
    ----------
    values : float ndarray of shape (m,)
        m ≥ 1.

    Returns
    -------
    low, high : float
        The 2.5% and 97.5% quantiles.

    Raises
    ------
    BadArray
        If there is no value.

    Examples
    --------
    >>> [round(bound, 6) for bound in percentile_interval(np.arange(81))]
    [2.0, 78.0]
    """
    check_one_length(1, values=values)
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
