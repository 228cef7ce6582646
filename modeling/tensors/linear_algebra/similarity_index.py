"""Exact search of images by text: many texts and many images at once.

A batch of texts is one matrix product. Its sums, and for bfloat16 even its factors, are rounded differently from
`similarity.similarities`; but rounding must not move an image across a threshold. So `similarities` computes again
whatever comes within rounding of a threshold, or of the last image that is asked for. The result equals that of
`similarities` alone, to the bit. See docs/methods.md.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modeling.arrays.common.array_checks import check_count, check_unit_rows
from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.embeddings.similarity import similarities
from modeling.tensors.linear_algebra.matrix_products import matmul_packed, multiplies_bfloat16, packed
from modeling.tensors.linear_algebra.tensor_conversion import as_tensor

IMAGES = 2**14  # images to multiply at once, so that the products stay in cache
_MORE_THAN_UNIT = 1.01  # bounds the lengths of unit rows, also after rounding
_NEAREST = 0.505  # largest error of rounding to the nearest number, as a share of eps times that number
_AGAIN = 256  # images to compute again at once
_LOWEST = -2  # below any product of unit rows

Products = NDArray[np.float32]  # [K, m], of K texts and m images


@dataclass(frozen=True)
class Nearest:
    """The most similar images to each of K texts, in descending order.

    Attributes
    ----------
    rows : int64 ndarray of shape (K, count)
        The lower row comes first among equal similarities.
    similarities : float32 ndarray of shape (K, count)
    """

    rows: NDArray[np.int64]
    similarities: NDArray[np.float32]


class SimilarityIndex:
    """Search n images in memory by text.

    Several threads may search at the same time. Images cannot be added.

    Parameters
    ----------
    images : float32 ndarray of shape (n, d)
        Unit rows, n ≥ 1. They are kept as they are, for exact values, and rounded.

    Raises
    ------
    BadArray
        If it is not a float32 matrix of unit rows.

    Examples
    --------
    >>> index = SimilarityIndex(np.eye(3, dtype=np.float32))
    >>> index.nearest(np.array([[0.6, 0.0, 0.8]], dtype=np.float32), 2).rows.tolist()
    [[2, 0]]
    >>> [rows.tolist() for rows in index.above(np.array([[0.6, 0.0, 0.8]], dtype=np.float32), np.array([0.7]))]
    [[2]]
    """

    def __init__(self, images: NDArray[np.float32]) -> None:
        self._images = _checked("image", images)
        self._fine = _Blocks(self._images, torch.float32)
        halves = multiplies_bfloat16(torch.device("cpu"))
        self._rough = _Blocks(self._images, torch.bfloat16) if halves else self._fine

    def __len__(self) -> int:
        return len(self._images)

    def above(self, texts: NDArray[np.float32], thresholds: NDArray[np.floating]) -> list[NDArray[np.int64]]:
        """Find the images with similarity > τ to each text.

        Parameters
        ----------
        texts : float32 ndarray of shape (K, d)
            Unit rows.
        thresholds : float ndarray of shape (K,)
            τ in [-1, 1]; compared in float32.

        Returns
        -------
        list of K int64 ndarray of shape (m,)
            Rows in ascending order; m differs by text.

        Raises
        ------
        BadArray
            If shapes, types or values are invalid.
        """
        texts = self._checked_texts(texts)
        if thresholds.shape != texts.shape[:1]:
            raise BadArray(f"there must be one threshold for each of {len(texts)} texts, not {thresholds.shape}")
        inside = np.abs(thresholds) <= 1  # False for NaN
        if not inside.all():
            raise BadArray(f"thresholds must be in [-1, 1], but threshold {int(np.argmin(inside))} is not")
        tau, rounding, found = thresholds.astype(np.float32), self._fine.rounding(texts), []
        candidates = _candidates(self._fine.products(texts), tau - rounding)
        for text, threshold, (rows, about) in zip(texts, tau, candidates, strict=True):
            belongs = about > threshold + rounding
            unsure = (~belongs).nonzero()[0]
            belongs[unsure] = self._similarities(rows[unsure], text) > threshold
            found.append(rows[belongs])
        return found

    def nearest(self, texts: NDArray[np.float32], count: int) -> Nearest:
        """Find the `count` images that are most similar to each text.

        Parameters
        ----------
        texts : float32 ndarray of shape (K, d)
            Unit rows.
        count : int
            At least 1; at most n images are returned.

        Returns
        -------
        Nearest

        Raises
        ------
        BadArray
            If shapes, types or values are invalid.
        """
        texts = self._checked_texts(texts)
        check_count(count, "the number of nearest images")
        count, rounding = min(count, len(self)), np.float32(self._rough.rounding(texts))
        nearest = Nearest(np.empty((len(texts), count), np.int64), np.empty((len(texts), count), np.float32))
        blocks = self._rough.products(texts)
        first = next(blocks)
        last = _last_of(count, first)  # in the first block; over all blocks it can only be larger
        least = last - 2 * (rounding + self._rough.share * (np.abs(last) + 2 * rounding + self._rough.share))
        for k, (rows, about) in enumerate(_candidates(chain([first], blocks), least)):
            likely = np.zeros(len(rows), np.bool_)
            likely[np.argpartition(about, -count)[-count:]] = True
            exact = np.full(len(rows), -np.inf, np.float32)
            exact[likely] = self._similarities(rows[likely], texts[k])
            most = about + rounding + self._rough.share * np.abs(about)
            perhaps = ~likely & (most >= exact[likely].min())
            exact[perhaps] = self._similarities(rows[perhaps], texts[k])
            best = np.lexsort((rows, -exact))[:count]
            nearest.rows[k], nearest.similarities[k] = rows[best], exact[best]
        return nearest

    def _similarities(self, rows: NDArray[np.int64], text: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute similarities of some images exactly: float32[m] from int64[m]."""
        exact = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _AGAIN):
            some = slice(start, start + _AGAIN)
            exact[some] = similarities(self._images.take(rows[some], axis=0), text)
        return exact

    def _checked_texts(self, texts: NDArray[np.float32]) -> NDArray[np.float32]:
        texts = _checked("text", texts)
        if texts.shape[1] != self._images.shape[1]:
            raise BadArray(
                f"texts of {texts.shape[1]} dimensions cannot be compared with images of {self._images.shape[1]}"
            )
        return texts


def _checked(what: str, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit rows in this machine's byte order. Raise BadArray for anything but float32 unit rows."""
    if rows.ndim != 2 or rows.dtype.newbyteorder("=") != np.float32 or not rows.size:
        raise BadArray(f"{what}s must be a float32 matrix of at least one row, not {rows.dtype} {rows.shape}")
    check_unit_rows(rows, what)
    return rows.astype(np.float32, copy=False)


class _Blocks:
    """Images in blocks for multiplication. bfloat16 is faster than float32 but leaves more candidates."""

    def __init__(self, images: NDArray[np.float32], dtype: torch.dtype) -> None:
        self._dtype, self._d = dtype, images.shape[1]
        self._blocks, self._lost = [], 0.0
        for start in range(0, len(images), IMAGES):
            block = as_tensor(np.ascontiguousarray(images[start : start + IMAGES]))
            self._blocks.append(packed(block.to(dtype)))
            self._lost = max(self._lost, _largest_loss(block, dtype))

    def products(self, texts: NDArray[np.float32]) -> Iterator[Products]:
        """Yield approximate similarities of the texts and the images of each block."""
        with torch.inference_mode():
            operand = as_tensor(np.ascontiguousarray(texts)).to(self._dtype)
            for images in self._blocks:
                yield matmul_packed(operand, images).float().numpy()

    def rounding(self, texts: NDArray[np.float32]) -> float:
        """Bound how far a product can be from the similarity before it is itself rounded (see `share`).

        What rounding takes off a row, measured as a length, bounds what its product with a unit row can lose
        (Cauchy-Schwarz). Two orders of summing d products are at most d · eps / 2 off each.
        """
        lost = self._lost + _largest_loss(as_tensor(texts), self._dtype)
        return float(_MORE_THAN_UNIT * lost + (self._d + 8) * torch.finfo(torch.float32).eps)

    @property
    def share(self) -> np.float32:
        """Return the largest share of a product that rounding takes off; 0 for float32, which `rounding` covers."""
        return np.float32(_NEAREST * torch.finfo(self._dtype).eps if self._dtype == torch.bfloat16 else 0)


def _candidates(blocks: Iterable[Products], least: Products) -> Iterator[tuple[NDArray[np.int64], Products]]:
    """Yield for each text the rows, in ascending order, whose product with it reaches a bound, and their products.

    blocks: products [K, m] with the images of each block; least: [K].
    """
    parts = []
    for block, products in enumerate(blocks):
        places, starts = _places(products >= least[:, None]), np.arange(len(products) + 1) * products.shape[1]
        bounds = np.searchsorted(places, starts)
        rows = places - np.repeat(starts[:-1] - block * IMAGES, np.diff(bounds))
        about = products.reshape(-1).take(places)
        parts.append([(rows[start:stop], about[start:stop]) for start, stop in pairwise(bounds)])
    for of_text in zip(*parts, strict=True):
        yield np.concatenate([rows for rows, _ in of_text]), np.concatenate([about for _, about in of_text])


def _places(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where a mask is true, in ascending order, as if it were flat: eight values at once, as most are not."""
    flat = mask.reshape(-1)
    whole = len(flat) & -8
    words = flat[:whole].view(np.uint64)
    some = np.flatnonzero(words != 0)
    inside = np.flatnonzero(words[some].view(np.bool_))
    places = (some << 3)[inside >> 3] + (inside & 7)
    return np.concatenate([places, whole + np.flatnonzero(flat[whole:])]) if whole < len(flat) else places


def _last_of(count: int, products: Products) -> Products:
    """Return the count-th largest of each text's products [K, m]: [K]; below any product if there are fewer."""
    m = products.shape[1]
    if m < count:
        return np.full(len(products), _LOWEST, np.float32)
    last: Products = np.partition(products, m - count, axis=1)[:, m - count]
    return last


def _largest_loss(rows: Tensor, dtype: torch.dtype) -> float:
    """Return the largest length of what rounding takes off a row."""
    return float(torch.linalg.vector_norm(rows - rows.to(dtype), dim=1).max())
