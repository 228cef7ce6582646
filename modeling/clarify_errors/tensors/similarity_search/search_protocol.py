"""What every index answers, and what rows must be."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_unit_rows
from clarify_errors.arrays.common.modeling_errors import BadArray, ModelingError


class NotExact(ModelingError):
    """An approximate index was asked for all images above a threshold.

    It would miss some of them.
    """


@dataclass(frozen=True)
class Nearest:
    """The most similar images to each of K queries, in descending order.

    Attributes
    ----------
    rows : int64 ndarray of shape (K, count)
        The lower row comes first among equal similarities. An approximate index may find fewer: -1 stands for none.
    similarities : float32 ndarray of shape (K, count)
        Those that `similarities` computes, to the bit; -inf where the row is -1.
    is_exact : bool
        False if nearer images may have been missed.
    """

    rows: NDArray[np.int64]
    similarities: NDArray[np.float32]
    is_exact: bool


class SimilaritySearch(Protocol):
    """n images that can be searched by texts or by images, whatever their number."""

    def __len__(self) -> int: ...

    def nearest(self, queries: NDArray[np.float32], count: int) -> Nearest:
        """Find the `count` images that are most similar to each query.

        Parameters
        ----------
        queries : float32 ndarray of shape (K, d)
            Unit rows, of texts or of images.
        count : int
            At least 1; at most n images are returned.

        Returns
        -------
        Nearest

        Raises
        ------
        BadArray
            If shapes, types or values are invalid.
        """

    def above(self, queries: NDArray[np.float32], thresholds: NDArray[np.floating]) -> list[NDArray[np.int64]]:
        """Find all images with similarity > τ to each query.

        Parameters
        ----------
        queries : float32 ndarray of shape (K, d)
            Unit rows, of texts or of images.
        thresholds : float ndarray of shape (K,)
            τ in [-1, 1]; compared in float32.

        Returns
        -------
        list of K int64 ndarray of shape (m,)
            Rows in ascending order; m differs by query.

        Raises
        ------
        BadArray
            If shapes, types or values are invalid.
        NotExact
            If the index is approximate.
        """


def checked_rows(rows: NDArray[np.float32], what: str) -> NDArray[np.float32]:
    """Return unit rows in this machine's byte order, without gaps.

    Parameters
    ----------
    rows : float32 ndarray of shape (n, d)
    what : str
        Word for one row in error messages.

    Returns
    -------
    float32 ndarray of shape (n, d)

    Raises
    ------
    BadArray
        If it is not a float32 matrix of unit rows.
    """
    if rows.ndim != 2 or rows.dtype.newbyteorder("=") != np.float32 or not rows.size:
        raise BadArray(f"{what}s must be a float32 matrix of at least one row, not {rows.dtype} {rows.shape}")
    check_unit_rows(rows, what)
    return np.ascontiguousarray(rows, np.float32)
