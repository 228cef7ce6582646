"""Arrays of a data set during an import: an encoder turns batches of images into the unit rows of each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modeling.arrays.common.array_checks import checked_embeddings


class ImageEncoder(Protocol):
    """What an import needs from an encoder.

    Notes
    -----
    It may also have

    - `prepare(image) -> image`: what `encode_images` does first with each image, such as making it smaller. Imports
      call it in several threads beside the encoder; `encode_images` makes the same rows of what it returns;
    - `device`: a word for what it computes on. Other kinds of device round differently.
    """

    @property
    def name(self) -> str:
        """Return a short name for people."""

    @property
    def dim(self) -> int:
        """Return the number of columns of each embedding."""

    def encode_images(self, images: Sequence[Image.Image], /) -> NDArray[np.float32]:
        """Embed RGB images.

        Parameters
        ----------
        images : sequence of n PIL images

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.
        """


@dataclass(frozen=True)
class DescribedEncoder:
    """An encoder, and what digest and manifest record about it.

    Attributes
    ----------
    encoder : ImageEncoder
    description : mapping
        JSON values: spec, name, preprocessing, versions.
    """

    encoder: ImageEncoder
    description: Mapping[str, Any]

    @property
    def dim(self) -> int:
        """Return the number of columns of each embedding."""
        return self.encoder.dim

    @property
    def prepare(self) -> Callable[[Image.Image], Image.Image]:
        """Return what makes of an image what `rows` takes."""
        return getattr(self.encoder, "prepare", lambda image: image)

    @property
    def device(self) -> str | None:
        """Return what the encoder computes on, where it tells that."""
        return getattr(self.encoder, "device", None)

    def rows(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Embed a batch.

        Parameters
        ----------
        images : sequence of n PIL images

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.

        Raises
        ------
        BadEmbedding
            If the encoder returns anything else.
        """
        return checked_embeddings(self.encoder.encode_images(images), len(images), self.dim, self.encoder.name)


Encoders = Mapping[str, DescribedEncoder]  # by the name of the array that each fills


def array_encoders(similarity: DescribedEncoder, features: DescribedEncoder | None = None) -> Encoders:
    """Name the arrays of a data set.

    Parameters
    ----------
    similarity : DescribedEncoder
        Embeds the images for phrases.
    features : DescribedEncoder, optional
        Embeds them for the classifier. Default: the same.

    Returns
    -------
    mapping of str to DescribedEncoder
        `similarity`, and `features` if the encoders differ.
    """
    if features is None or dict(features.description) == dict(similarity.description):
        return {"similarity": similarity}
    return {"similarity": similarity, "features": features}
