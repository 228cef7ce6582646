"""Indexes in memory, and what they must equal."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.embeddings.standardization import unit_rows
from clarify_errors.tensors.similarity_search.exact_segment import ExactSegment
from clarify_errors.tensors.similarity_search.index_parameters import IndexKind, IndexParameters
from clarify_errors.tensors.similarity_search.recall import build_segment
from clarify_errors.tensors.similarity_search.segmented_index import SegmentedIndex

Rows = NDArray[np.float32]
EXACT = [kind for kind in IndexKind if kind is not IndexKind.IVF_PQ]
NOTHING = np.empty(0, np.int64)


def unit(n: int, d: int, seed: int) -> Rows:
    return unit_rows(np.random.default_rng(seed).normal(size=(n, d)))


def every_similarity(images: Rows, queries: Rows) -> Rows:
    return np.stack([similarities(images, query) for query in queries])


def in_memory(images: Rows, kind: IndexKind, removed: NDArray[np.int64] = NOTHING) -> SegmentedIndex:
    index, largest_error = build_segment(images, IndexParameters(kind, len(images), 0, 1), None)
    return SegmentedIndex([ExactSegment(index, images, largest_error, removed)], images.shape[1])
