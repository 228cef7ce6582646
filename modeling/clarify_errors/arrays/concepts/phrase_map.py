"""Positions of phrases in a plane, for drawing similar phrases near each other."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_finite_rows
from clarify_errors.arrays.common.modeling_errors import BadArray


def phrase_map(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """Project embeddings on their first two principal components.

    Parameters
    ----------
    embeddings : float ndarray of shape (K, d)
        Unit rows, one per phrase; K may be 0.

    Returns
    -------
    float64 ndarray of shape (K, 2)
        0 in a component that K or d is too small for. Each axis is oriented so that its entry with the largest absolute
        value is positive; the same phrases therefore give the same map.

    Raises
    ------
    BadArray
        If `embeddings` is not a matrix of finite floats.
    """
    if embeddings.ndim != 2:
        raise BadArray(f"embeddings must be a matrix, not {embeddings.shape}")
    check_finite_rows(embeddings, "embeddings")
    places = np.zeros((len(embeddings), 2))
    if len(embeddings) < 2:
        return places
    centred = embeddings.astype(np.float64) - embeddings.mean(axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    kept = min(2, len(singular))
    places[:, :kept] = left[:, :kept] * singular[:kept]
    furthest = places[np.abs(places).argmax(axis=0), np.arange(2)]
    return places * np.where(furthest < 0, -1.0, 1.0)
