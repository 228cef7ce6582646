"""Exact search of images by text: many texts over many images at once, with faiss.

A batch of texts is one matrix product in blocks. Its sums are rounded otherwise than `similarity.similarities` rounds
them, and a threshold must not move an image: so what comes within rounding of the threshold is computed again by that
function. What is returned is what it alone would return, to the bit. See docs/methods.md.
"""

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from modeling.errors import BadArray
from modeling.similarity import similarities

# From this many texts on, one matrix product. faiss's own bound, 128,000 / d, makes it scan all images for every text.
faiss.cvar.distance_compute_blas_threshold = 20

_BLOCK = 2**16  # images that are taken in at once
_UNIT_TOLERANCE = 1e-3  # of lengths
_MARGIN = 16  # images beyond those asked for: rounding may change the order among them


@dataclass(frozen=True)
class Nearest:
    """The images most similar to each of K texts, in descending order, the lower row first of equal ones.

    rows: int64[K, count]; similarities: float32[K, count].
    """

    rows: NDArray[np.int64]
    similarities: NDArray[np.float32]


class SimilarityIndex:
    """n images in memory, to be searched by text. Searching is safe from several threads; there is no adding.

    >>> index = SimilarityIndex(np.eye(3, dtype=np.float32))
    >>> index.nearest(np.array([[0.6, 0.0, 0.8]], dtype=np.float32), 2).rows.tolist()
    [[2, 0]]
    >>> [rows.tolist() for rows in index.above(np.array([[0.6, 0.0, 0.8]], dtype=np.float32), np.array([0.7]))]
    [[2]]
    """

    def __init__(self, images: NDArray[np.float32]) -> None:
        """Take in unit rows, float32[n, d], n ≥ 1: copied, and kept as they are too, to compute exactly from.

        Raises BadArray, also for a row that does not have length 1.
        """
        self._images = _checked("image", images)
        d = images.shape[1]
        # A constant as the last dimension gives each text a threshold of its own: (x, 1) · (t, -τ) > 0.
        self._index = faiss.IndexFlatIP(d + 1)
        for start in range(0, len(images), _BLOCK):
            self._index.add(_with_last(images[start : start + _BLOCK], 1.0))
        # How far two orders of summing d products of unit rows, and a threshold in [-1, 1], can be apart.
        self._rounding = 2 * (d + 2) * float(np.finfo(np.float32).eps)

    def __len__(self) -> int:
        return len(self._images)

    def above(self, texts: NDArray[np.float32], thresholds: NDArray[np.floating]) -> list[NDArray[np.int64]]:
        """The images with similarity > τ to each of K texts, in float32: rows in ascending order, int64[m] a text.

        texts: float32[K, d], unit rows; thresholds: float[K], in [-1, 1]. Raises BadArray.
        """
        self._check_texts(texts)
        if thresholds.shape != texts.shape[:1] or not (np.abs(thresholds) <= 1).all():  # NaN is not
            raise BadArray(f"there must be one threshold in [-1, 1] for each of {len(texts)} texts")
        tau = thresholds.astype(np.float32)
        ends, margins, rows = self._index.range_search(_with_last(texts, -tau), -self._rounding)
        found = []
        for text, threshold, start, end in zip(texts, tau, ends[:-1], ends[1:], strict=True):
            keep = margins[start:end] > self._rounding
            near = rows[start:end][~keep]
            near = near[similarities(self._images[near], text) > threshold]
            found.append(np.sort(np.concatenate([rows[start:end][keep], near])))
        return found

    def nearest(self, texts: NDArray[np.float32], count: int) -> Nearest:
        """The `count` images that are most similar to each of K texts; all of them where there are fewer.

        texts: float32[K, d], unit rows; count ≥ 1. Raises BadArray.
        """
        self._check_texts(texts)
        if count < 1:
            raise BadArray(f"at least 1 image must be asked for, not {count}")
        count = min(count, len(self))
        nearest = Nearest(np.empty((len(texts), count), np.int64), np.empty((len(texts), count), np.float32))
        unsettled, asked = np.arange(len(texts)), count + _MARGIN
        while len(unsettled):
            asked = min(asked, len(self))
            about, rows = self._index.search(_with_last(texts[unsettled], 0.0), asked)
            settled = np.zeros(len(unsettled), np.bool_)
            for i, text in enumerate(unsettled):
                exact = similarities(self._images[rows[i]], texts[text])
                best = np.lexsort((rows[i], -exact))[:count]
                nearest.rows[text], nearest.similarities[text] = rows[i][best], exact[best]
                # No image left out, of which the best is about as similar as the last one here, can belong among them.
                settled[i] = asked == len(self) or about[i, -1] + self._rounding < exact[best[-1]]
            unsettled, asked = unsettled[~settled], 4 * asked
        return nearest

    def _check_texts(self, texts: NDArray[np.float32]) -> None:
        _checked("text", texts)
        if texts.shape[1] != self._images.shape[1]:
            raise BadArray(
                f"texts of {texts.shape[1]} dimensions cannot be compared to images of {self._images.shape[1]}"
            )


def _with_last(rows: NDArray[np.float32], last: float | NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows with one more dimension: float32[n, d + 1]."""
    extended = np.empty((len(rows), rows.shape[1] + 1), np.float32)
    extended[:, :-1], extended[:, -1] = rows, last
    return extended


def _checked(what: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    if rows.ndim != 2 or rows.dtype != np.float32 or not rows.size:
        raise BadArray(f"{what}s must be a float32 matrix of at least one row, not {rows.dtype} {rows.shape}")
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    unit = np.abs(lengths - 1) < _UNIT_TOLERANCE
    if not unit.all():
        raise BadArray(f"{what} {int(np.argmin(unit))} is not a row of length 1")
    return rows
