"""Arrays of a data set during an import: an encoder turns batches of images into the unit rows of each."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class ImageEncoder(Protocol):
    """What an import needs from an encoder.

    Attributes
    ----------
    dim : int
        Number of columns of each embedding.
    device : str
        What it computes on. Other kinds of device round differently.
    description : mapping
        What digest and manifest record about it, as JSON values: spec, name, preprocessing, versions.
    """

    dim: int
    device: str

    @property
    def description(self) -> Mapping[str, Any]:
        """Return what digest and manifest record about it."""

    def prepare(self, image: Image.Image, /) -> Image.Image:
        """Do what `encode_images` does first with an image, such as making it smaller.

        Imports call it in several threads beside the encoder.

        Parameters
        ----------
        image : PIL image

        Returns
        -------
        PIL image
            `encode_images` makes the same row of it.
        """

    def encode_images(self, images: Sequence[Image.Image], /) -> NDArray[np.float32]:
        """Embed RGB images.

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
            If they are none.
        """


Encoders = Mapping[str, ImageEncoder]  # by the name of the array that each fills


def array_encoders(similarity: ImageEncoder, features: ImageEncoder | None = None) -> Encoders:
    """Name the arrays of a data set.

    Parameters
    ----------
    similarity : ImageEncoder
        Embeds the images for phrases.
    features : ImageEncoder, optional
        Embeds them for the classifier. Default: the same.

    Returns
    -------
    mapping of str to ImageEncoder
        `similarity`, and `features` if the encoders differ.
    """
    if features is None or dict(features.description) == dict(similarity.description):
        return {"similarity": similarity}
    return {"similarity": similarity, "features": features}
