"""Images that are all scanned. Rounding and codes move no image: whatever they leave in doubt is computed again.

FAISS sums in another order than `similarities`, and codes have lost something of each image. Both change a similarity
by at most a bound that is known when the index is built: the length of what a code has lost (Cauchy-Schwarz), and a
multiple of eps for the sums. Within the bound of a threshold, or of the last image that is asked for, `similarities`
decides. So an answer equals the stored similarities, to the bit.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.tensors.similarity_search.search_protocol import Nearest

# More queries than this are one matrix product in a flat index; by default FAISS begins at more than anybody asks.
faiss.cvar.distance_compute_blas_threshold = 20

_MORE_THAN_UNIT = 1.01  # bounds the lengths of unit rows, also after rounding
_AGAIN = 256  # images to compute again at once
_SPARE = 32  # candidates beside those that are asked for

Candidates = list[tuple[NDArray[np.int64], NDArray[np.float32]]]  # by query: rows, and similarities within the bound


def exact_similarities(
    images: NDArray[np.float32], rows: NDArray[np.int64], query: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Compute similarities of some images to a query, as they are stored.

    Parameters
    ----------
    images : float32 ndarray of shape (n, d)
    rows : int64 ndarray of shape (m,)
    query : float32 ndarray of shape (d,)

    Returns
    -------
    float32 ndarray of shape (m,)
    """
    exact = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _AGAIN):
        some = slice(start, start + _AGAIN)
        exact[some] = similarities(np.ascontiguousarray(images.take(rows[some], axis=0), np.float32), query)
    return exact


def best(
    rows: NDArray[np.int64], values: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the `count` rows of the largest values, in descending order.

    The lower row comes first among equals.

    Parameters
    ----------
    rows : int64 ndarray of shape (m,)
    values : float32 ndarray of shape (m,)
    count : int

    Returns
    -------
    tuple of int64 and float32 ndarray of shape (min(m, count),)
    """
    order = np.lexsort((rows, -values))[:count]
    return rows[order], values[order]


class ExactSegment:
    """n images and the index that scans them, flat or of codes.

    Parameters
    ----------
    index : faiss.IndexFlatIP or faiss.IndexIVFScalarQuantizer
        From `recall.build_segment`: the rows of a flat one end with a 1.
    images : float32 ndarray of shape (n, d)
        Unit rows, for exact values.
    largest_error : float
        Length of the most that a code has lost of its image.
    removed : int64 ndarray of shape (r,)
        Places in the index that are never found.
    rows : int64 ndarray of shape (m,), optional
        The image at each place of the index, in ascending order. Default: all.
    """

    def __init__(
        self,
        index: Any,
        images: NDArray[np.float32],
        largest_error: float,
        removed: NDArray[np.int64],
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        self._index, self._images = index, images
        self._rows = np.arange(index.ntotal) if rows is None else rows
        self._is_flat = isinstance(index, faiss.IndexFlat)
        self._bound = _MORE_THAN_UNIT * largest_error + 2 * (images.shape[1] + 9) * float(np.finfo(np.float32).eps)
        self._selector = Selector(removed)
        self.n_left = index.ntotal - len(removed)

    def nearest(self, queries: NDArray[np.float32], count: int) -> Nearest:
        """Find the nearest images, as `SimilaritySearch` says.

        Parameters
        ----------
        queries : float32 ndarray of shape (K, d)
            Unit rows, of texts or of images.
        count : int
            At least 1; fewer are found where fewer are left.

        Returns
        -------
        Nearest
            Of shape (K, min(count, n - r)), exact; rows count from the segment's first image.
        """
        count = min(count, self.n_left)
        found = Nearest(np.empty((len(queries), count), np.int64), np.empty((len(queries), count), np.float32), True)
        if not count:
            return found
        several = min(self.n_left, count + count // 4 + _SPARE)
        about, rows = self._search(queries, several)
        for k, query in enumerate(queries):
            some, exact = best(rows[k], exact_similarities(self._images, rows[k], query), count)
            if several < self.n_left and about[k, -1] + self._bound >= exact[-1]:
                [(some, _)] = self._over(query[None], exact[-1:] - np.float32(self._bound))
                some, exact = best(some, exact_similarities(self._images, some, query), count)
            found.rows[k], found.similarities[k] = some, exact
        return found

    def above(self, queries: NDArray[np.float32], thresholds: NDArray[np.float32]) -> list[NDArray[np.int64]]:
        """Find the images above thresholds, as `SimilaritySearch` says.

        Parameters
        ----------
        queries : float32 ndarray of shape (K, d)
            Unit rows, of texts or of images.
        thresholds : float32 ndarray of shape (K,)
            One for each query, in [-1, 1].

        Returns
        -------
        list of K int64 ndarray of shape (m,)
            Rows in ascending order, from the segment's first image; m differs by query.
        """
        found = []
        candidates = self._over(queries, thresholds - np.float32(self._bound))
        for query, threshold, (rows, about) in zip(queries, thresholds, candidates, strict=True):
            belongs = about > threshold + np.float32(self._bound)
            unsure = np.flatnonzero(~belongs)
            belongs[unsure] = exact_similarities(self._images, rows[unsure], query) > threshold
            found.append(np.sort(rows[belongs]))
        return found

    def _search(self, queries: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        operand = _extended(queries, np.zeros(len(queries), np.float32)) if self._is_flat else queries
        about, rows = self._index.search(operand, count, params=self._selector.parameters(not self._is_flat))
        return about, self._rows[rows]

    def _over(self, queries: NDArray[np.float32], least: NDArray[np.float32]) -> Candidates:
        """Return the images whose similarity reaches a bound of each query's own, within rounding."""
        parameters = self._selector.parameters(not self._is_flat)
        if self._is_flat:  # the last coordinate of an image is 1, so that one call serves all bounds
            limits, about, rows = self._index.range_search(_extended(queries, -least), 0.0, params=parameters)
            parts = [slice(int(start), int(stop)) for start, stop in pairwise(limits)]
            return [(self._rows[rows[part]], about[part] + low) for part, low in zip(parts, least, strict=True)]

        def scan(k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            _, about, rows = self._index.range_search(queries[k : k + 1], float(least[k]), params=parameters)
            return self._rows[rows], about

        with ThreadPoolExecutor(faiss.omp_get_max_threads()) as pool:  # one query takes one thread
            return list(pool.map(scan, range(len(queries))))


class Selector:
    """All rows but those that were removed, as FAISS wants to be told.

    Parameters
    ----------
    removed : int64 ndarray of shape (r,)
    """

    def __init__(self, removed: NDArray[np.int64]) -> None:
        self._batch = faiss.IDSelectorBatch(removed) if len(removed) else None
        self._all_others = faiss.IDSelectorNot(self._batch) if len(removed) else None  # FAISS keeps no reference

    def parameters(self, is_inverted: bool, n_probes: int = 1) -> Any:
        """Return the search parameters of an index.

        Parameters
        ----------
        is_inverted : bool
            Whether the index has lists.
        n_probes : int, default 1
            Lists that a query probes, if there are any.

        Returns
        -------
        faiss.SearchParameters or None
            A faiss.SearchParametersIVF if the index has lists; None if there is nothing to say.
        """
        if is_inverted:
            return faiss.SearchParametersIVF(sel=self._all_others, nprobe=n_probes)
        return faiss.SearchParameters(sel=self._all_others) if self._all_others else None


def _extended(queries: NDArray[np.float32], last: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([queries, last[:, None]], axis=1)
