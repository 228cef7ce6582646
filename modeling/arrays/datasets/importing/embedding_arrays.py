"""Arrays of a data set during an import: each turns a batch of images into unit rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modeling.arrays.common.array_checks import checked_embeddings
from modeling.arrays.datasets.importing.features import FeatureTable
from modeling.arrays.datasets.importing.sources import SourceImage


class ImageEncoder(Protocol):
    """What an import needs from an encoder."""

    @property
    def name(self) -> str:
        """Return a short name for people."""

    @property
    def dim(self) -> int:
        """Return the number of columns of each embedding."""

    def encode_images(self, images: list[Image.Image]) -> NDArray[np.float32]:
        """Embed RGB images.

        Parameters
        ----------
        images : list of n PIL images

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows.
        """


@dataclass(frozen=True)
class DescribedEncoder:
    """An encoder, and what the manifest records about it.

    Attributes
    ----------
    encoder : ImageEncoder
    description : mapping
        JSON values: spec, name, preprocessing, versions.
    """

    encoder: ImageEncoder
    description: Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One array file.

    Attributes
    ----------
    name : str
    dim : int
        Number of columns.
    rows : callable
        Maps a batch of n PIL images and their n SourceImage to a float32 ndarray of shape (n, dim).
    origin : mapping
        What digest and manifest record about where the rows come from.
    is_encoded : bool
        False if the rows come from a file.
    """

    name: str
    dim: int
    rows: Callable[[Sequence[Image.Image], Sequence[SourceImage]], NDArray[np.float32]]
    origin: Mapping[str, Any]
    is_encoded: bool

    @property
    def file(self) -> str:
        """Return the name of the array's file."""
        return f"{self.name}.npy"


@dataclass(frozen=True)
class Embeddings:
    """Where a data set's arrays come from.

    Parameters
    ----------
    similarity : DescribedEncoder
        Embeds the images for phrases.
    features : DescribedEncoder or FeatureTable, optional
        Gives the classifier's features. Default: the similarity embeddings.
    """

    similarity: DescribedEncoder
    features: DescribedEncoder | FeatureTable | None = None

    def columns(self) -> list[Column]:
        """Return `similarity`, and `features` if other features are given."""
        similarity = _encoded("similarity", self.similarity)
        if isinstance(self.features, FeatureTable):
            return [similarity, _supplied(self.features)]
        if self.features is None or dict(self.features.description) == dict(self.similarity.description):
            return [similarity]
        return [similarity, _encoded("features", self.features)]


def _encoded(name: str, described: DescribedEncoder) -> Column:
    encoder = described.encoder

    def rows(images: Sequence[Image.Image], _: Sequence[SourceImage]) -> NDArray[np.float32]:
        return checked_embeddings(encoder.encode_images(list(images)), len(images), encoder.dim, encoder.name)

    return Column(name, encoder.dim, rows, described.description, is_encoded=True)


def _supplied(table: FeatureTable) -> Column:
    def rows(_: Sequence[Image.Image], images: Sequence[SourceImage]) -> NDArray[np.float32]:
        return table.rows[[table.row_of[image.filename] for image in images]]

    return Column("features", table.rows.shape[1], rows, {"sha256": table.sha256}, is_encoded=False)
