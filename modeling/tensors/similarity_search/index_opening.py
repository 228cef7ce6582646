"""Opening an index: its files are mapped into memory, and nothing writes to them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from modeling.tensors.similarity_search.exact_segment import ExactSegment
from modeling.tensors.similarity_search.index_files import checked_manifest, read_partition, removed_rows
from modeling.tensors.similarity_search.index_manifest import BadIndex, Images, IndexManifest, SegmentEntry
from modeling.tensors.similarity_search.partitioned_segment import Partition, PartitionedSegment
from modeling.tensors.similarity_search.segmented_index import SegmentedIndex


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
