"""Recall of an approximate index on held-out queries, and the better of two ways to train one."""

from collections.abc import Callable
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from clarify_errors.tensors.similarity_search.index_parameters import IndexParameters
from clarify_errors.tensors.similarity_search.partitioned_segment import Partition, PartitionedSegment, train_partition
from clarify_errors.tensors.similarity_search.search_protocol import Nearest

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
