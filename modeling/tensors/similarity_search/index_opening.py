"""An index, opened: its files are mapped into memory, nothing writes to them, and its segments are searched as one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_count
from modeling.arrays.common.modeling_errors import BadArray
from modeling.tensors.similarity_search.exact_segment import ExactSegment, best
from modeling.tensors.similarity_search.index_files import checked_manifest, read_partition, removed_rows
from modeling.tensors.similarity_search.index_manifest import BadIndex, Images, IndexManifest, SegmentEntry
from modeling.tensors.similarity_search.partitioned_segment import Partition, PartitionedSegment
from modeling.tensors.similarity_search.search_protocol import Nearest, checked_rows


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
        check_count(count, "the number of nearest images")
        queries, count = self._checked(queries), min(count, len(self))
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
        queries = self._checked(queries)
        if thresholds.shape != (len(queries),):
            raise BadArray(f"there must be one threshold for each of {len(queries)} queries, not {thresholds.shape}")
        inside = np.abs(thresholds) <= 1  # False for NaN
        if not inside.all():
            raise BadArray(f"thresholds must be in [-1, 1], but threshold {int(np.argmin(inside))} is not")
        tau = thresholds.astype(np.float32)
        parts = [(first, segment.above(queries, tau)) for first, segment in self._segments]
        return [np.concatenate([found[k] + first for first, found in parts]) for k in range(len(queries))]

    def _checked(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        queries = checked_rows(queries, "query")
        if queries.shape[1] != self._dim:
            raise BadArray(f"queries of {queries.shape[1]} dimensions cannot be compared with images of {self._dim}")
        return queries


def open_index(directory: Path, images: Sequence[Images], rows: Sequence[NDArray[np.float32]]) -> SegmentedIndex:
    """Open an index, and check that it is whole and of these images.

    Parameters
    ----------
    directory : pathlib.Path
        From `build_index`, `add_images` or `remove_images`.
    images : sequence of Images
        Those that it was built of and, in order, those that were added.
    rows : sequence of float32 ndarray of shape (n, d)
        Their unit rows, for exact values; they may be memory-mapped.

    Returns
    -------
    SegmentedIndex
        It answers as `SimilaritySearch` says.

    Raises
    ------
    BadIndex
        If a file is missing or damaged, or the index is of other images or another encoder.
    """
    manifest = checked_manifest(directory)
    _check_images(directory, manifest, images)
    if [array.shape for array in rows] != [(each.n_rows, each.dim) for each in images]:
        raise BadIndex(f"{directory}: the embeddings do not have the rows that the index has")
    removed = removed_rows(directory, manifest)
    segments = []
    for entry in manifest.segments:
        inside = removed[(removed >= entry.first_row) & (removed < entry.first_row + entry.n_rows)] - entry.first_row
        segments.append((entry.first_row, _segment(directory, manifest, entry, _rows_of(entry, rows), inside)))
    return SegmentedIndex(segments, images[0].dim)


def _check_images(directory: Path, manifest: IndexManifest, images: Sequence[Images]) -> None:
    if [each.encoder for each in images] != [each.encoder for each in manifest.images]:
        raise BadIndex(f"{directory} is an index of embeddings of another encoder; build the index again")
    if tuple(images) != manifest.images:
        raise BadIndex(f"{directory} is an index of other images; build the index again")


def _rows_of(entry: SegmentEntry, rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    start = entry.first_row
    for array in rows:
        if start < len(array):
            return array[start : start + entry.n_rows]
        start -= len(array)
    raise BadIndex(f"{entry.file} has more images than there are")


def _segment(
    directory: Path,
    manifest: IndexManifest,
    entry: SegmentEntry,
    rows: NDArray[np.float32],
    removed: NDArray[np.int64],
) -> ExactSegment | PartitionedSegment:
    index: Any = faiss.read_index(str(directory / entry.file), faiss.IO_FLAG_MMAP_IFC)
    if index.ntotal != len(rows):
        raise BadIndex(f"{directory / entry.file} has {index.ntotal} images, not {len(rows)}")
    if manifest.measured is None:
        return ExactSegment(index, rows, entry.largest_error, removed)
    means = read_partition(directory)
    partition = Partition(index, means.image_mean, means.text_mean)
    return PartitionedSegment(partition, rows, manifest.measured.n_probes, removed)
