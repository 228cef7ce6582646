"""Interface of encoders. Any object with these four names can be used through a `python:` spec."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image


class Encoder(Protocol):
    """Map images and texts to unit rows of one space.

    A dot product of two rows is a cosine similarity (paper, Eq. 1).

    Notes
    -----
    An encoder may also have

    - `describe() -> dict`: JSON-like facts that decide its results (preprocessing, digest of its weights, versions);
    - `logit_scale`: factor of the cosines in the model's training (CLIP's is 100).
    """

    @property
    def name(self) -> str:
        """Return a short name for people."""

    @property
    def dim(self) -> int:
        """Return the number of columns of each embedding."""

    def encode_images(self, images: Sequence[Image], /) -> NDArray[np.float32]:
        """Embed images.

        Parameters
        ----------
        images : sequence of n PIL images

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.
        """

    def encode_texts(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Embed texts.

        Parameters
        ----------
        texts : sequence of n str

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.
        """
