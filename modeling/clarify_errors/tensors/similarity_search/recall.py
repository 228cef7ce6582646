"""Recall of an approximate index on held-out queries, and the better of two ways to train one.

A segment's index is built here in memory, of blocks of images.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from clarify_errors.tensors.similarity_search.index_parameters import IndexKind, IndexParameters
from clarify_errors.tensors.similarity_search.partitioned_segment import Partition, PartitionedSegment, train_partition
from clarify_errors.tensors.similarity_search.search_protocol import Nearest, checked_rows

RECALL_AT = 100
ENOUGH = 0.95  # more probes are tried until this share is found
_PROBES = (8, 16, 32, 64, 128, 256)


@dataclass(frozen=True)
class Measured:
    """What an approximate index finds of the exact answer.

    Attributes
    ----------
    recall : float
        Mean share of the `RECALL_AT` nearest images that are found.
    n_queries, n_probes : int
    is_centred : bool
    of_the_other : float
        Recall of the other way to train, with as many probes.
    """

    recall: float
    n_queries: int
    n_probes: int
    is_centred: bool
    of_the_other: float


def recall(found: NDArray[np.int64], expected: NDArray[np.int64]) -> float:
    """Compute the mean share of expected rows that were found.

    Parameters
    ----------
    found, expected : int64 ndarray of shape (K, count)

    Returns
    -------
    float
    """
    shares = [len(np.intersect1d(f, e)) / len(e) for f, e in zip(found, expected, strict=True)]
    return float(np.mean(shares))


def train_better(
    images: NDArray[np.float32],
    sample: NDArray[np.int64],
    texts: NDArray[np.float32],
    parameters: IndexParameters,
) -> tuple[Partition, Measured]:
    """Train on images alone and with both sides centred; keep what finds more.

    Held-out texts are the queries.

    Parameters
    ----------
    images : float32 ndarray of shape (n, d)
    sample : int64 ndarray of shape (s,)
        Rows to train on, and to measure recall among.
    texts : float32 ndarray of shape (t, d)
        Unit rows, t ≥ 2: every other one gives the texts' mean, the rest are held out.
    parameters : IndexParameters

    Returns
    -------
    tuple of Partition and Measured
        Probes are doubled until `ENOUGH` is found.
    """
    seen, held_out = np.ascontiguousarray(images[sample]), np.ascontiguousarray(texts[1::2])
    _, expected = faiss.knn(held_out, seen, min(RECALL_AT, len(seen)), metric=faiss.METRIC_INNER_PRODUCT)
    partitions = [train_partition(seen, given, parameters) for given in (None, texts[::2])]
    searches = [_searched(partition, seen) for partition in partitions]
    for n_probes in _PROBES:
        recalls = [recall(search(held_out, expected.shape[1], n_probes).rows, expected) for search in searches]
        if max(recalls) >= ENOUGH or n_probes >= parameters.n_lists:
            break
    chosen = int(recalls[1] > recalls[0])
    measured = Measured(recalls[chosen], len(held_out), n_probes, bool(chosen), recalls[1 - chosen])
    partitions[chosen].index.reset()
    return partitions[chosen], measured


def _searched(partition: Partition, images: NDArray[np.float32]) -> Callable[[NDArray[np.float32], int, int], Nearest]:
    partition.index.add(np.ascontiguousarray(images - partition.image_mean))
    none: NDArray[np.int64] = np.empty(0, np.int64)

    def search(queries: NDArray[np.float32], count: int, n_probes: int) -> Nearest:
        return PartitionedSegment(partition, images, n_probes, none).nearest(queries, count)

    return search


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
