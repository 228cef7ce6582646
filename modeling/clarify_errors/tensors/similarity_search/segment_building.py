"""One segment's index in memory, built of blocks of images."""

from collections.abc import Iterator
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from clarify_errors.tensors.similarity_search.index_parameters import IndexKind, IndexParameters
from clarify_errors.tensors.similarity_search.partitioned_segment import Partition
from clarify_errors.tensors.similarity_search.search_protocol import checked_rows

_BLOCK = 2**16  # images that are converted at once
_RANGES_FROM = 10**5  # images that tell the range of 8-bit codes
_CODES = {IndexKind.FP16: faiss.ScalarQuantizer.QT_fp16, IndexKind.SQ8: faiss.ScalarQuantizer.QT_8bit}


def build_segment(
    images: NDArray[np.float32], parameters: IndexParameters, partition: Partition | None
) -> tuple[Any, float]:
    """Index images as the parameters say.

    Parameters
    ----------
    images : float32 ndarray of shape (n, d)
        Unit rows.
    parameters : IndexParameters
    partition : Partition or None
        For kind IVF_PQ.

    Returns
    -------
    tuple of faiss.Index and float
        The length of the most that a code has lost of its image is 0 where codes decide nothing.

    Raises
    ------
    BadArray
        If a row is not a unit row.
    """
    if len(images):
        checked_rows(images[:1], "image")  # their type and shape; blocks are checked one by one
    if partition is not None:
        return _partitioned(images, partition), 0.0
    if parameters.kind is IndexKind.FLAT or not len(images):  # no range of codes is learnt from nothing
        return _flat(images), 0.0
    return _scanned(images, parameters)


def _flat(images: NDArray[np.float32]) -> Any:
    """Images with a last coordinate of 1, which a query's threshold is multiplied with."""
    index = faiss.IndexFlatIP(images.shape[1] + 1)
    for block in _blocks(images):
        index.add(np.concatenate([block, np.ones((len(block), 1), np.float32)], axis=1))
    return index


def _scanned(images: NDArray[np.float32], parameters: IndexParameters) -> tuple[Any, float]:
    """Codes in one list, which is always probed: faiss scans it many times faster than an index of bare codes."""
    dim = images.shape[1]
    origin = faiss.IndexFlatIP(dim)
    origin.add(np.zeros((1, dim), np.float32))
    index = faiss.IndexIVFScalarQuantizer(origin, dim, 1, _CODES[parameters.kind], faiss.METRIC_INNER_PRODUCT, False)
    some = np.random.default_rng(parameters.seed).permutation(len(images))[:_RANGES_FROM]
    index.train(np.ascontiguousarray(images[np.sort(some)]))
    largest_error = 0.0
    for block in _blocks(images):
        index.add(block)
        lost = index.sq.decode(index.sq.compute_codes(block)) - block
        largest_error = max(largest_error, float(np.linalg.norm(lost.astype(np.float64), axis=1).max()))
    return index, largest_error


def _partitioned(images: NDArray[np.float32], partition: Partition) -> Any:
    index = faiss.clone_index(partition.index)
    for block in _blocks(images):
        index.add(np.ascontiguousarray(block - partition.image_mean))
    return index


def _blocks(images: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(images), _BLOCK):
        yield checked_rows(images[start : start + _BLOCK], "image")
