"""One answer from all segments of an index."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modeling.tensors.similarity_search.exact_segment import ExactSegment, best
from modeling.tensors.similarity_search.partitioned_segment import PartitionedSegment
from modeling.tensors.similarity_search.search_protocol import (
    Nearest,
    checked_count,
    checked_queries,
    checked_thresholds,
)


class SegmentedIndex:
    """Segments that are searched as one; see `SimilaritySearch`.

    Several threads may search at the same time.

    Parameters
    ----------
    segments : sequence of tuple of int and segment
        The row at which each segment begins, in ascending order.
    dim : int
        Dimensions of the images.
    """

    def __init__(self, segments: Sequence[tuple[int, ExactSegment | PartitionedSegment]], dim: int) -> None:
        self._segments, self._dim = segments, dim

    def __len__(self) -> int:
        return sum(segment.n_left for _, segment in self._segments)

    def nearest(self, queries: NDArray[np.float32], count: int) -> Nearest:
        """Find the `count` images that are most similar to each query.

        Parameters
        ----------
        queries : float32 ndarray of shape (K, d)
            Unit rows, of texts or of images.
        count : int
            At least 1; at most the n images that are left are returned.

        Returns
        -------
        Nearest
            Of shape (K, min(count, n)); exact if every segment is.

        Raises
        ------
        BadArray
            If shapes, types or values are invalid.
        """
        queries, count = checked_queries(queries, self._dim), checked_count(count, len(self))
        parts = [(first, segment.nearest(queries, count)) for first, segment in self._segments]
        rows = np.concatenate([np.where(part.rows < 0, -1, part.rows + first) for first, part in parts], axis=1)
        values = np.concatenate([part.similarities for _, part in parts], axis=1)
        merged = [best(of_query, value, count) for of_query, value in zip(rows, values, strict=True)]
        is_exact = all(part.is_exact for _, part in parts)
        return Nearest(np.stack([row for row, _ in merged]), np.stack([value for _, value in merged]), is_exact)

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
            If a segment is approximate.
        """
        queries = checked_queries(queries, self._dim)
        tau = checked_thresholds(thresholds, len(queries))
        parts = [(first, segment.above(queries, tau)) for first, segment in self._segments]
        return [np.concatenate([found[k] + first for first, found in parts]) for k in range(len(queries))]
