"""What an encoder is. Anything with these four names can be brought by a `python:` spec."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image


class Encoder(Protocol):
    """Maps images and texts to unit rows of one space, where a dot product is a cosine similarity (paper, Eq. 1).

    An encoder may also have `describe() -> dict`, JSON-like: whatever tells its results from another's
    (preprocessing, a digest of its weights, versions of its libraries); and `logit_scale`, by which the model
    multiplied cosines in training (CLIP's is 100).
    """

    @property
    def name(self) -> str:
        """A short name for people."""

    @property
    def dim(self) -> int:
        """The number of columns of each embedding."""

    def encode_images(self, images: Sequence[Image], /) -> NDArray[np.float32]:
        """float32[n, dim], unit rows."""

    def encode_texts(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """float32[n, dim], unit rows."""
