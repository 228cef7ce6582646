"""Exact search of images by text: many texts over many images at once, computing few similarities one by one.

A batch of texts is one matrix product, whose sums are rounded otherwise than `similarity.similarities` rounds them, and
a threshold must not move an image: so what comes within rounding of a threshold, or of the last image that is asked
for, is computed again by that function. What is returned is what it alone would return, to the bit: docs/methods.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import linear

from modeling.errors import BadArray
from modeling.retraining.objective import as_tensor
from modeling.similarity import similarities

_UNIT_TOLERANCE = 1e-3  # of lengths
_IMAGES = 2**14  # that are multiplied at once: the products stay in cache
_AGAIN = 256  # images that are computed again at once

Products = NDArray[np.float32]  # [K, m], of K texts and m images


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
        """Take in unit rows, float32[n, d], n ≥ 1: kept as they are, to compute exactly from, and rounded.

        Raises BadArray, also for a row that does not have length 1.
        """
        self._images = _checked("image", images)
        self._blocks = [_operand(images[start : start + _IMAGES]) for start in range(0, len(images), _IMAGES)]
        # How far two orders of summing d products of unit rows can be apart: each is at most d · eps / 2 off.
        self._rounding = (images.shape[1] + 8) * float(np.finfo(np.float32).eps)

    def __len__(self) -> int:
        return len(self._images)

    def above(self, texts: NDArray[np.float32], thresholds: NDArray[np.floating]) -> list[NDArray[np.int64]]:
        """The images with similarity > τ to each of K texts, in float32: rows in ascending order, int64[m] a text.

        texts: float32[K, d], unit rows; thresholds: float[K], in [-1, 1]. Raises BadArray.
        """
        self._check_texts(texts)
        if thresholds.shape != texts.shape[:1] or not (np.abs(thresholds) <= 1).all():  # NaN is not
            raise BadArray(f"there must be one threshold in [-1, 1] for each of {len(texts)} texts")
        tau, rounding = thresholds.astype(np.float32), self._rounding
        found = []
        for text, threshold, (rows, about) in zip(
            texts, tau, self._candidates(texts, lambda products: (tau - rounding)[:, None]), strict=True
        ):
            belongs = about > threshold + rounding
            belongs[~belongs] = self._similarities(rows[~belongs], text) > threshold
            found.append(rows[belongs])
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

        def least(products: Products) -> Products:
            """At least `count` of these images are truly, within rounding, as near as this."""
            place = max(products.shape[1] - count, 0)
            last: Products = np.partition(products, place, axis=1)[:, place, None]
            return last - 2 * np.float32(self._rounding)

        for k, (rows, about) in enumerate(self._candidates(texts, least)):
            perhaps = rows[about >= least(about[None])[0]]
            exact = self._similarities(perhaps, texts[k])
            best = np.lexsort((perhaps, -exact))[:count]
            nearest.rows[k], nearest.similarities[k] = perhaps[best], exact[best]
        return nearest

    def _candidates(
        self, texts: NDArray[np.float32], least: Callable[[Products], Products]
    ) -> Iterator[tuple[NDArray[np.int64], Products]]:
        """For each text the images, in ascending order, whose product with it is at least a bound, and their products.

        least: from the products [K, m] with a block of images to the bounds in it, [K, 1].
        """
        rows: list[list[NDArray[np.int64]]] = [[] for _ in texts]
        about: list[list[Products]] = [[] for _ in texts]
        for block, products in enumerate(self._products(texts)):
            for k, is_candidate in enumerate(products >= least(products)):
                of_block = np.flatnonzero(is_candidate)
                rows[k].append(of_block + block * _IMAGES)
                about[k].append(products[k].take(of_block))
        for k in range(len(texts)):
            yield np.concatenate(rows[k]), np.concatenate(about[k])

    def _products(self, texts: NDArray[np.float32]) -> Iterator[Products]:
        """About the similarities of the texts and the images of each block."""
        with torch.inference_mode():
            operand = _operand(texts)
            for images in self._blocks:
                products = linear(operand, images)
                yield (products.to_dense() if products.is_mkldnn else products).numpy()

    def _similarities(self, rows: NDArray[np.int64], text: NDArray[np.float32]) -> NDArray[np.float32]:
        """Exactly, of some images: float32[m] from int64[m]."""
        exact = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _AGAIN):
            some = slice(start, start + _AGAIN)
            exact[some] = similarities(self._images[rows[some]], text)
        return exact

    def _check_texts(self, texts: NDArray[np.float32]) -> None:
        _checked("text", texts)
        if texts.shape[1] != self._images.shape[1]:
            raise BadArray(
                f"texts of {texts.shape[1]} dimensions cannot be compared to images of {self._images.shape[1]}"
            )


def _checked(what: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    if rows.ndim != 2 or rows.dtype != np.float32 or not rows.size:
        raise BadArray(f"{what}s must be a float32 matrix of at least one row, not {rows.dtype} {rows.shape}")
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    unit = np.abs(lengths - 1) < _UNIT_TOLERANCE
    if not unit.all():
        raise BadArray(f"{what} {int(np.argmin(unit))} is not a row of length 1")
    return rows


def _operand(rows: NDArray[np.float32]) -> Tensor:
    """As oneDNN takes it, where torch has it: its product of float32 is up to twice as fast as the others of torch."""
    tensor = as_tensor(np.ascontiguousarray(rows))
    return tensor.to_mkldnn() if torch.backends.mkldnn.is_available() else tensor  # type: ignore[no-untyped-call]
