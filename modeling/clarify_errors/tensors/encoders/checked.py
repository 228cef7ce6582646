"""What an encoder has, and encoders whose output is checked, so that no wrong embedding is stored as a similarity.

Any object with the four names of `Encoder` can be used through a `python:` spec.
"""

import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL.Image import Image

from clarify_errors.arrays.common.array_checks import checked_embeddings
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.phrases.phrase_languages import ENGLISH, encoder_languages
from clarify_errors.tensors.encoders.inference import device_kind

logger = logging.getLogger(__name__)


class Encoder(Protocol):
    """Map images and texts to unit rows of one space.

    A dot product of two rows is a cosine similarity (paper, Eq. 1).

    Attributes
    ----------
    name : str
        Short, for people.
    dim : int
        Number of columns of each embedding.

    Notes
    -----
    An encoder may also have

    - `prepare(image) -> image`: what `encode_images` does first with each image, such as making it smaller. Imports
      call it in several threads beside the encoder; `encode_images` makes the same rows of what it returns;
    - `describe() -> dict`: JSON-like facts that decide its results (preprocessing, digest of its weights, versions);
    - `logit_scale`: factor of the cosines in the model's training (CLIP's is 100);
    - `languages`: codes of the languages that it understands, such as `("en", "de")`. Default: what
      `clarify_errors/languages.toml` says of an encoder with its name; otherwise English alone.
    """

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def dim(self) -> int:
        """Return the number of columns."""

    def encode_images(self, images: Sequence[Image], /) -> NDArray[np.float32]:
        """Embed RGB images.

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


_Item = TypeVar("_Item", Image, str)


# Below some dozen images the libraries choose other kernels, which round differently (1e-7); from 16 on they did not.
MIN_BATCH = 16


class CheckedEncoder:
    """Encode in batches, and check that results are finite float32 unit rows.

    A small batch of images is filled up with copies of its last one, whose rows are dropped again, so that an image's
    embedding does not depend on how many others come with it.

    Parameters
    ----------
    encoder : Encoder
    spec : str, optional
        By which it was loaded.
    batch_size : int, default 64
        Images or texts that the encoder gets at once; half as many from then on where the device's memory is too small.

    Attributes
    ----------
    name : str
    dim : int
    logit_scale : float or None
        None if the encoder does not have one.
    languages : tuple of str
        Codes of the languages that it understands: what it says itself, else what its name tells.
    prepare : callable
        The encoder's own; images stay as they are if it has none.
    device : str
        What it computes on.
    description : dict
        What a data set's manifest records about it, as JSON values.
    """

    def __init__(self, encoder: Encoder, spec: str = "", batch_size: int = 64) -> None:
        self._encoder, self._spec = encoder, spec
        self._batch_size = batch_size
        self.name: str = encoder.name
        self.dim: int = encoder.dim
        self.logit_scale: float | None = getattr(encoder, "logit_scale", None)
        self.languages = tuple(getattr(encoder, "languages", encoder_languages(encoder.name)))
        self.prepare: Callable[[Image], Image] = getattr(encoder, "prepare", lambda image: image)
        self.device = device_kind()

    def encode_images(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """Embed images.

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
        filling = [*images[-1:]] * max(MIN_BATCH - len(images), 0)
        return self._in_batches(self._encoder.encode_images, [*images, *filling])[: len(images)]

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts.

        Parameters
        ----------
        texts : sequence of n str

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.

        Raises
        ------
        BadEmbedding
            If the encoder returns anything else.
        """
        return self._in_batches(self._encoder.encode_texts, texts)

    @cached_property
    def description(self) -> dict[str, Any]:
        """Return spec, name, number of columns, and what it says of itself.

        Its languages are among it unless it understands English alone. open_clip's encoders say the digest of their
        weights, preprocessing, precision and versions in their `describe`.
        """
        own: Callable[[], dict[str, Any]] = getattr(self._encoder, "describe", dict)
        languages = {} if self.languages == (ENGLISH,) else {"languages": list(self.languages)}
        return {"spec": self._spec, "name": self.name, "dim": self.dim, **languages, **own()}

    def _in_batches(
        self, encode: Callable[[Sequence[_Item]], NDArray[np.float32]], items: Sequence[_Item]
    ) -> NDArray[np.float32]:
        rows, done = [np.empty((0, self.dim), np.float32)], 0
        while done < len(items):
            batch = list(items[done : done + self._batch_size])
            try:
                made = encode(batch)
            except torch.OutOfMemoryError as error:
                if len(batch) == 1:
                    raise
                self._batch_size = len(batch) // 2
                logger.warning("%s gets %d at once from now on: %s", self.name, self._batch_size, error)
                continue
            rows.append(checked_embeddings(made, len(batch), self.dim, self.name))
            done += len(batch)
            step_done()
        return np.concatenate(rows)
