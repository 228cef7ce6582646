"""Images in lists of which a query probes some: fast for any number of images, and approximate.

The texts of CLIP-like encoders lie apart from its images. Where both sides are centred by their own means, a text can
probe better lists. Centring changes no order among images: it only decides which lists are probed.
"""

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_count
from clarify_errors.tensors.similarity_search.exact_segment import Selector, best, exact_similarities
from clarify_errors.tensors.similarity_search.index_parameters import SCAN_ROWS, IndexParameters
from clarify_errors.tensors.similarity_search.search_protocol import Nearest, NotExact

_CANDIDATES = 10  # computed exactly, for each image that is asked for
# Codes only choose these candidates, so a tenth of faiss's own effort is enough to learn them.
_CODE_ITERATIONS, _IMAGES_PER_CODE = 10, 64


@dataclass(frozen=True, eq=False)
class Partition:
    """A trained inverted file without images.

    Attributes
    ----------
    index : faiss.IndexIVFPQ
    image_mean, text_mean : float32 ndarray of shape (d,)
        What is taken off images, and off texts before they probe; zeros if the sides are not centred.
    """

    index: Any
    image_mean: NDArray[np.float32]
    text_mean: NDArray[np.float32]


def train_partition(
    sample: NDArray[np.float32], texts: NDArray[np.float32] | None, parameters: IndexParameters
) -> Partition:
    """Train lists and codes on images alone: texts in the sample would take the lists.

    Parameters
    ----------
    sample : float32 ndarray of shape (s, d)
        Unit rows of images.
    texts : float32 ndarray of shape (t, d), or None
        Unit rows whose mean is taken off texts; None to centre neither side.
    parameters : IndexParameters
        Of kind IVF_PQ.

    Returns
    -------
    Partition
    """
    dim = sample.shape[1]
    image_mean = np.zeros(dim, np.float32) if texts is None else sample.mean(axis=0)
    text_mean = np.zeros(dim, np.float32) if texts is None else texts.mean(axis=0)
    coarse = faiss.IndexFlatIP(dim)
    bits = min(8, int(np.log2(len(sample))))  # a code book cannot have more entries than there are images
    index = faiss.IndexIVFPQ(coarse, dim, parameters.n_lists, parameters.code_bytes, bits, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = index.pq.cp.seed = 1 + parameters.seed
    index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1
    index.pq.cp.niter, index.pq.cp.max_points_per_centroid = _CODE_ITERATIONS, _IMAGES_PER_CODE
    index.train(np.ascontiguousarray(sample - image_mean))
    return Partition(index, image_mean, text_mean)


class PartitionedSegment:
    """n images in the lists of an inverted file.

    Parameters
    ----------
    partition : Partition
        Whose index has the images in it.
    images : float32 ndarray of shape (n, d)
        Unit rows, for exact values.
    n_probes : int
        Lists that a query probes.
    removed : int64 ndarray of shape (r,)
        Places in the index that are never found.
    rows : int64 ndarray of shape (m,), optional
        The image at each place of the index, in ascending order. Default: all.
    """

    def __init__(
        self,
        partition: Partition,
        images: NDArray[np.float32],
        n_probes: int,
        removed: NDArray[np.int64],
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        check_count(n_probes, "the number of probes")
        self._partition, self._index, self._images = partition, partition.index, images
        self._index.nprobe = min(n_probes, self._index.nlist)
        self._centroids = self._index.quantizer.reconstruct_n(0, self._index.nlist)
        self._selector = Selector(removed)
        self._rows = np.arange(self._index.ntotal) if rows is None else rows
        self.n_left = self._index.ntotal - len(removed)

    def nearest(self, queries: NDArray[np.float32], count: int) -> Nearest:
        """Find near images, as `SimilaritySearch` says; nearer ones may be missing.

        Parameters
        ----------
        queries : float32 ndarray of shape (K, d)
            Unit rows, of texts or of images.
        count : int
            At least 1.

        Returns
        -------
        Nearest
            Of shape (K, count). Rows count from the segment's first image, -1 where the probed lists have no more;
            similarities are exact.
        """
        found = Nearest(
            np.full((len(queries), count), -1, np.int64), np.full((len(queries), count), -np.inf, np.float32), False
        )
        n_probes = self._index.nprobe
        _, lists = self._index.quantizer.search(self._probing(queries), n_probes)
        products = np.ascontiguousarray(np.einsum("kd,kpd->kp", queries, self._centroids[lists]))
        several = min(self.n_left, _CANDIDATES * count)
        about, near = np.empty((len(queries), several), np.float32), np.empty((len(queries), several), np.int64)
        # The lists were chosen above. faiss's own wrapper of this call takes no selector.
        operand, *others = map(faiss.swig_ptr, (queries, lists, products, about, near))
        parameters = self._selector.parameters(True, n_probes)
        self._index.search_preassigned_c(len(queries), operand, several, *others, False, parameters)
        for k, query in enumerate(queries):
            rows = self._rows[near[k][near[k] >= 0]]
            rows, exact = best(rows, exact_similarities(self._images, rows, query), count)
            found.rows[k, : len(rows)], found.similarities[k, : len(rows)] = rows, exact
        return found

    def above(self, queries: NDArray[np.float32], thresholds: NDArray[np.float32]) -> list[NDArray[np.int64]]:
        """Refuse, because images in lists that are not probed would be missing.

        Nothing could say which.

        Parameters
        ----------
        queries : float32 ndarray of shape (K, d)
            Unit rows, of texts or of images.
        thresholds : float32 ndarray of shape (K,)
            One for each query.

        Returns
        -------
        list of int64 ndarray
            Never: see below.

        Raises
        ------
        NotExact
            Always.
        """
        raise NotExact(
            "this index is approximate and cannot tell all images above a threshold. An exact one holds at most "
            f"{SCAN_ROWS:,} images and needs a worker with more memory"
        )

    def _probing(self, queries: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return queries less the mean of their own side, which is the mean that they are more similar to."""
        means = np.stack([self._partition.image_mean, self._partition.text_mean])
        lengths = np.maximum(np.linalg.norm(means, axis=1), np.finfo(np.float32).tiny)
        side = np.argmax(queries @ (means / lengths[:, None]).T, axis=1)
        return np.ascontiguousarray(queries - means[side])
