"""Annotation of a class by a phrase, as training uses it (paper, section 4.2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_one_length, checked_ids
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.retraining.slices import slice_members


@dataclass(frozen=True, eq=False)
class Annotation:
    """A class, a text, and the similarity above which an image has what the text says.

    Parameters
    ----------
    target_class : int
        Annotated class, at least 0.
    text : ndarray of shape (d,)
        Text embedding: a float32 unit row.
    sign : int
        1, or -1 for a negation.
    threshold : float
        τ. An image is above it if sign × similarity > τ, compared in float32.

    Raises
    ------
    BadArray
        If `sign` is not 1 or -1.
    """

    target_class: int
    text: NDArray[np.float32]
    sign: int
    threshold: float

    def __post_init__(self) -> None:
        if self.sign not in (-1, 1):
            raise BadArray(f"the sign must be 1 or -1, not {self.sign}")

    def members(
        self, images: NDArray[np.float32], rows: NDArray[np.integer], labels: NDArray[np.integer]
    ) -> NDArray[np.bool_]:
        """Find the images of the class that are above the threshold.

        Parameters
        ----------
        images : ndarray of shape (n, d)
            All float32 unit rows of the data set; only rows of the class are read.
        rows : int ndarray of shape (m,)
            Rows to look at, in [0, n).
        labels : int ndarray of shape (m,)
            Classes of these rows, at least 0; none need be the target class.

        Returns
        -------
        bool ndarray of shape (m,)

        Raises
        ------
        BadArray
            If shapes or types are invalid, a row is outside the data set, or a similarity is not finite.

        Examples
        --------
        >>> images = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
        >>> striped = Annotation(0, np.array([1, 0], np.float32), sign=1, threshold=0.5)
        >>> striped.members(images, np.array([0, 1, 2]), np.array([0, 1, 0])).tolist()
        [True, False, False]
        """
        check_one_length(rows=rows, labels=labels)
        rows = checked_ids(rows, "row", below=len(images))
        members = np.zeros(len(rows), np.bool_)
        of_class = np.flatnonzero(labels == self.target_class)
        values = self.sign * similarities(images[rows[of_class]], self.text)
        members[of_class] = slice_members(values, labels[of_class], self.target_class, self.threshold)
        return members
