"""Indexes as they are searched: opened from their directory, their segments as one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_count
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.tensors.similarity_search.exact_segment import ExactSegment, best
from clarify_errors.tensors.similarity_search.index_files import (
    ABSENT,
    NO_ROWS,
    checked_manifest,
    read_partition,
    rows_left,
)
from clarify_errors.tensors.similarity_search.index_manifest import BadIndex, Images, IndexManifest, SegmentEntry
from clarify_errors.tensors.similarity_search.partitioned_segment import Partition, PartitionedSegment
from clarify_errors.tensors.similarity_search.search_protocol import Nearest, checked_rows


class SegmentedIndex:
    """Segments that are searched as one; see `SimilaritySearch`.

    Several threads may search at the same time.

    Parameters
    ----------
    segments : sequence of ExactSegment or PartitionedSegment
    dim : int
        Dimensions of the images.
    """

    def __init__(self, segments: Sequence[ExactSegment | PartitionedSegment], dim: int) -> None:
        self._segments, self._dim = segments, dim

    def __len__(self) -> int:
        return sum(segment.n_left for segment in self._segments)

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
        parts = [segment.nearest(queries, count) for segment in self._segments]
        rows = np.concatenate([part.rows for part in parts], axis=1)
        values = np.concatenate([part.similarities for part in parts], axis=1)
        merged = [best(of_query, value, count) for of_query, value in zip(rows, values, strict=True)]
        is_exact = all(part.is_exact for part in parts)
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
        parts = [segment.above(queries, tau) for segment in self._segments]
        return [np.concatenate(of_query) for of_query in zip(*parts, strict=True)]

    def _checked(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        queries = checked_rows(queries, "query")
        if queries.shape[1] != self._dim:
            raise BadArray(f"queries of {queries.shape[1]} dimensions cannot be compared with images of {self._dim}")
        return queries


def open_index(
    directory: Path,
    images: Sequence[Images],
    rows: NDArray[np.float32],
    removed: NDArray[np.int64] = NO_ROWS,
) -> SegmentedIndex:
    """Open an index, and check that it is whole and of these images.

    Parameters
    ----------
    directory : pathlib.Path
        From `build_index` or `add_images`.
    images : sequence of Images
        Those that it was built of and, in order, those that were added.
    rows : float32 ndarray of shape (n, d)
        Unit rows of all, in their order, for exact values; they may be memory-mapped.
    removed : int64 ndarray of shape (r,), optional
        Rows that it never finds. `IndexManifest.is_due_for_rebuilding` tells when so many are removed that it is better
        built again, without them.

    Returns
    -------
    SegmentedIndex
        It answers as `SimilaritySearch` says.

    Raises
    ------
    BadIndex
        If a file is missing or damaged, or the index is of other images or another encoder.
    BadArray
        If a row to remove is not there, or no image would be left.
    """
    manifest = checked_manifest(directory)
    if len(removed) and (removed.min() < 0 or removed.max() >= manifest.n_rows):
        raise BadArray(f"rows to remove must be between 0 and {manifest.n_rows - 1}")
    if len(np.unique(removed)) == manifest.n_rows:
        raise BadArray("no image would be left")
    _check_images(directory, manifest, images)
    if rows.shape != (manifest.n_rows, images[0].dim):
        raise BadIndex(f"{directory}: the embeddings do not have the rows that the index has")
    absent = np.load(directory / ABSENT, allow_pickle=False) if manifest.n_absent else NO_ROWS
    segments = []
    for entry in manifest.segments:
        places = entry.first_row + rows_left(absent, entry.first_row, entry.n_rows)
        hidden = np.flatnonzero(np.isin(places, removed))
        segments.append(_segment(directory, manifest, entry, rows, hidden, places))
    return SegmentedIndex(segments, images[0].dim)


def _check_images(directory: Path, manifest: IndexManifest, images: Sequence[Images]) -> None:
    if [each.encoder for each in images] != [each.encoder for each in manifest.images]:
        raise BadIndex(f"{directory} is an index of embeddings of another encoder; build the index again")
    if tuple(images) != manifest.images:
        raise BadIndex(f"{directory} is an index of other images; build the index again")


def _segment(
    directory: Path,
    manifest: IndexManifest,
    entry: SegmentEntry,
    rows: NDArray[np.float32],
    removed: NDArray[np.int64],
    places: NDArray[np.int64],
) -> ExactSegment | PartitionedSegment:
    index: Any = faiss.read_index(str(directory / entry.file), faiss.IO_FLAG_MMAP_IFC)
    if index.ntotal != len(places):
        raise BadIndex(f"{directory / entry.file} has {index.ntotal} images, not {len(places)}")
    if manifest.measured is None:
        return ExactSegment(index, rows, entry.largest_error, removed, places)
    means = read_partition(directory)
    partition = Partition(index, means.image_mean, means.text_mean)
    return PartitionedSegment(partition, rows, manifest.measured.n_probes, removed, places)
