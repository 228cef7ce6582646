"""Similarity of images to a text: the dot product of unit rows, in float32 (paper, equation 1)."""

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray


def similarities(images: NDArray[np.float32], text: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute the similarity of each image to a text.

    Parameters
    ----------
    images : float32 ndarray of shape (n, d)
        Unit rows.
    text : float32 ndarray of shape (d,)
        Unit vector.

    Returns
    -------
    float32 ndarray of shape (n,)

    Raises
    ------
    BadArray
        If shapes or types are wrong, or an image or the text is not finite.

    Notes
    -----
    Each value depends on its own row and the text alone, to the bit, so a threshold can be recomputed from stored
    embeddings. BLAS is not used: it rounds differently for other numbers of rows and threads.

    Examples
    --------
    >>> similarities(np.eye(2, dtype=np.float32), np.array([0.6, 0.8], dtype=np.float32)).tolist()
    [0.6000000238418579, 0.800000011920929]
    """
    if images.ndim != 2 or text.shape != images.shape[1:]:
        raise BadArray(f"images {images.shape} and text {text.shape} must have shapes (n, d) and (d,)")
    if images.dtype != np.float32 or text.dtype != np.float32:
        raise BadArray(f"images and text must be float32, not {images.dtype} and {text.dtype}")
    # The layout in memory decides the order of the sums, and with it their rounding.
    values: NDArray[np.float32] = np.einsum("ij,j->i", np.ascontiguousarray(images), np.ascontiguousarray(text))
    finite = np.isfinite(values)
    if not finite.all():
        raise BadArray(f"image {int(np.argmin(finite))} or the text is not finite, so their similarity is not either")
    return values
