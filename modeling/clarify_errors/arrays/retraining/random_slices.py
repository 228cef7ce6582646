"""Random slices: what cutting a class anywhere gives, beside which a phrase's own gain is judged.

Gaussian directions in the whole embedding space. In the span of a few texts a direction would often be the phrase.
"""

import math

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_count, check_one_length, checked_ids, finite_float32
from clarify_errors.arrays.common.modeling_errors import BadArray

DRAWS = 100
_GRID = 1.25


def random_slices(
    images: NDArray[np.floating],
    labels: NDArray[np.integer],
    target_class: int,
    n_above: int,
    draws: int = DRAWS,
    seed: int = 0,
) -> NDArray[np.bool_]:
    """Cut a class by random directions, each time into slices of one size.

    Parameters
    ----------
    images : float ndarray of shape (n, d)
        Embeddings.
    labels : int ndarray of shape (n,)
        Classes ≥ 0.
    target_class : int
        The class to cut.
    n_above : int
        Images above the cut, from 1 to one less than the class has.
    draws : int, default DRAWS
        Number of directions, ≥ 1.
    seed : int, default 0
        Of the directions, ≥ 0.

    Returns
    -------
    bool ndarray of shape (draws, n)
        The `n_above` images of the class that are farthest along each direction; of equal ones the first.

    Raises
    ------
    BadArray
        If a shape, type or value is invalid, or `n_above` leaves a slice empty.

    Examples
    --------
    >>> images = np.eye(4, dtype=np.float32)
    >>> slices = random_slices(images, np.array([0, 0, 0, 1]), 0, 2, draws=3)
    >>> slices.sum(axis=1).tolist(), slices[:, 3].any()
    ([2, 2, 2], np.False_)
    """
    check_one_length(1, images=images[:, 0] if images.ndim == 2 else images, labels=labels)
    check_count(draws, "the number of draws")
    check_count(seed, "the seed", least=0)
    rows = np.flatnonzero(checked_ids(labels, "label") == target_class)
    if not 1 <= n_above < len(rows):
        raise BadArray(f"class {target_class} has {len(rows)} images, so {n_above} above a cut leave a slice empty")
    along = finite_float32(images[rows]) @ random_directions(images.shape[1], draws, seed)
    farthest = np.argsort(-along, axis=0, kind="stable")[:n_above]
    members = np.zeros((draws, len(labels)), np.bool_)
    members[np.arange(draws)[:, None], rows[farthest.T]] = True
    return members


def random_directions(dim: int, draws: int = DRAWS, seed: int = 0) -> NDArray[np.float32]:
    """Draw the directions that `random_slices` cuts along.

    Parameters
    ----------
    dim : int
        Dimensions of the embedding space.
    draws : int, default DRAWS
    seed : int, default 0

    Returns
    -------
    float32 ndarray of shape (dim, draws)
        Gaussian, of any length.
    """
    return np.random.default_rng(seed).standard_normal((dim, draws), dtype=np.float32)


def rounded_slice_size(n_above: int, n_class: int) -> int:
    """Round the size of a cut to a grid, so that runs share random slices.

    Parameters
    ----------
    n_above : int
        Images above the cut, from 1 to n_class - 1.
    n_class : int
        Images of the class.

    Returns
    -------
    int
        Images above the rounded cut. The smaller slice has a power of 1.25 images, rounded, and at most half of them.

    Raises
    ------
    BadArray
        If `n_above` leaves a slice empty.

    Examples
    --------
    >>> rounded_slice_size(100, 1000), rounded_slice_size(900, 1000), rounded_slice_size(480, 1000)
    (108, 892, 500)
    """
    smaller = min(n_above, n_class - n_above)
    if smaller < 1:
        raise BadArray(f"a cut of {n_class} images with {n_above} above it leaves a slice empty")
    on_grid = round(_GRID ** round(math.log(smaller, _GRID)))
    rounded = min(on_grid, n_class // 2)
    return rounded if smaller == n_above else n_class - rounded


def percentile_among(value: float, draws: NDArray[np.floating]) -> float:
    """Return the share of draws below a value, in percent; equal ones count half.

    Parameters
    ----------
    value : float
    draws : float ndarray of shape (m,)
        m ≥ 1.

    Returns
    -------
    float
        From 0 to 100.

    Raises
    ------
    BadArray
        If there is no draw.

    Examples
    --------
    >>> percentile_among(0.5, np.array([0.1, 0.5, 0.9, 0.2]))
    62.5
    """
    check_one_length(1, draws=draws)
    return float(100 * (np.mean(draws < value) + np.mean(draws == value) / 2))


def percentile_among_best(value: float, draws: NDArray[np.floating], scores: NDArray[np.floating], tries: int) -> float:
    """Return the percentile of a value among the best of several random slices.

    That is how many of 100 reach less, each with the best-scored of `tries` slices. This is for a phrase that was
    chosen as the best of several: the null chooses as well.

    Parameters
    ----------
    value : float
    draws : float ndarray of shape (m,)
        What each random slice reaches on test; m ≥ 1.
    scores : float ndarray of shape (m,)
        What it is chosen by, on validation.
    tries : int
        Random slices that one is chosen from, ≥ 1. From m on it is the best of all.

    Returns
    -------
    float
        From 0 to 100; equal draws count half, and of equal scores each is chosen as often.

    Raises
    ------
    BadArray
        If there is no draw, lengths differ, or `tries` is below 1.

    Notes
    -----
    Exact over all choices of `tries` draws without replacement: the best of them is at most the draw of rank r in
    C(r, tries) of C(m, tries) cases.

    Examples
    --------
    >>> draws, scores = np.array([0.1, 0.9, 0.2, 0.3]), np.array([0.4, 0.3, 0.2, 0.1])
    >>> percentile_among_best(0.5, draws, scores, tries=1), percentile_among_best(0.5, draws, scores, tries=4)
    (75.0, 100.0)
    """
    m = check_one_length(1, draws=draws, scores=scores)
    check_count(tries, "the number of tries", least=1)
    k = min(tries, m)
    _, rank, n_equal = np.unique(scores, return_inverse=True, return_counts=True)
    at_most = np.array([0, *(math.comb(r, k) for r in np.cumsum(n_equal).tolist())], dtype=object)
    chosen = np.array(np.diff(at_most) / math.comb(m, k), np.float64)[rank] / n_equal[rank]
    reached = 100 * chosen @ ((draws < value) + (draws == value) / 2)
    return round(float(reached), 9)  # all draws together are 100, and not 99.99999999999999
