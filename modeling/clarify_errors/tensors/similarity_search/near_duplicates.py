"""Images that are nearly the same as others: evaluation images that a model has seen in training."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.progress import Progress, silent
from clarify_errors.tensors.similarity_search.exact_segment import exact_similarities
from clarify_errors.tensors.similarity_search.search_protocol import SimilaritySearch

_AT_ONCE = 256  # images to look for at once
_NONE: NDArray[np.int64] = np.empty(0, np.int64)


@dataclass(frozen=True)
class NearDuplicates:
    """Pairs of an image and another one that is nearly the same.

    Attributes
    ----------
    images, others : int64 ndarray of shape (m,)
        Rows of each pair, the most similar pair first.
    similarities : float32 ndarray of shape (m,)
    """

    images: NDArray[np.int64]
    others: NDArray[np.int64]
    similarities: NDArray[np.float32]


def near_duplicates(
    index: SimilaritySearch,
    rows: NDArray[np.float32],
    looked_for: NDArray[np.int64],
    is_other: NDArray[np.bool_],
    threshold: float,
    progress: Progress = silent,
) -> NearDuplicates:
    """Find pairs whose similarity is above a threshold.

    Parameters
    ----------
    index : SimilaritySearch
        An exact one, of the rows.
    rows : float32 ndarray of shape (n, d)
        Unit rows.
    looked_for : int64 ndarray of shape (k,)
        Rows of the first image of a pair.
    is_other : bool ndarray of shape (n,)
        Images that can be the second.
    threshold : float
        In [-1, 1]; compared in float32.
    progress : Progress, default silent

    Returns
    -------
    NearDuplicates

    Raises
    ------
    BadArray
        If the threshold is out of range.
    NotExact
        If the index is approximate.
    """
    images, others, values = [_NONE], [_NONE], [np.empty(0, np.float32)]
    for start in range(0, len(looked_for), _AT_ONCE):
        some = looked_for[start : start + _AT_ONCE]
        queries = np.ascontiguousarray(rows[some])
        for row, query, found in zip(some, queries, index.above(queries, np.full(len(some), threshold)), strict=True):
            pairs = found[is_other[found]]
            images.append(np.full(len(pairs), row, np.int64))
            others.append(pairs)
            values.append(exact_similarities(rows, pairs, query))
        progress("looking for near-duplicates", start + len(some), len(looked_for))
    image, other, value = np.concatenate(images), np.concatenate(others), np.concatenate(values)
    order = np.lexsort((other, image, -value))
    return NearDuplicates(image[order], other[order], value[order])


def similarities_to_nearest(
    index: SimilaritySearch, rows: NDArray[np.float32], looked_at: NDArray[np.int64], progress: Progress = silent
) -> NDArray[np.float32]:
    """Compute how similar images are to the most similar other image.

    Parameters
    ----------
    index : SimilaritySearch
        Of the rows.
    rows : float32 ndarray of shape (n, d)
        Unit rows.
    looked_at : int64 ndarray of shape (k,)
    progress : Progress, default silent

    Returns
    -------
    float32 ndarray of shape (k,)
        In the order of `looked_at`; shorter where an image has no other, or an approximate index finds none.
    """
    values = [np.empty(0, np.float32)]
    for start in range(0, len(looked_at), _AT_ONCE):
        some = looked_at[start : start + _AT_ONCE]
        found = index.nearest(np.ascontiguousarray(rows[some]), 2)  # the image itself is one of them
        is_other = (found.rows != some[:, None]) & (found.rows >= 0)
        values.append(np.where(is_other, found.similarities, -np.inf).max(axis=1))
        progress("looking at how alike images are", start + len(some), len(looked_at))
    nearest = np.concatenate(values)
    return nearest[np.isfinite(nearest)]
