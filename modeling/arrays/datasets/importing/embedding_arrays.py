"""The arrays of a data set in the making: each turns a batch of images into unit rows."""

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
    """What an import asks of an encoder: float32[n, dim] unit rows of n RGB images."""

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_images(self, images: list[Image.Image]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class DescribedEncoder:
    """An encoder and what the manifest records of it: JSON values; spec, name, preprocessing, versions."""

    encoder: ImageEncoder
    description: Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One array file: its name, its width, where its rows come from, and what the digest and manifest say of that."""

    name: str
    dim: int
    rows: Callable[[Sequence[Image.Image], Sequence[SourceImage]], NDArray[np.float32]]
    origin: Mapping[str, Any]
    is_encoded: bool

    @property
    def file(self) -> str:
        return f"{self.name}.npy"


def columns(
    similarity: DescribedEncoder, feature_encoder: DescribedEncoder | None, features: FeatureTable | None
) -> list[Column]:
    """`similarity`, and `features` where it comes from another encoder or from a file."""
    if feature_encoder is not None and features is not None:
        raise ValueError("features come from an encoder or from a file, not from both")
    made = [_encoded("similarity", similarity)]
    if features is not None:
        made.append(_brought(features))
    elif feature_encoder is not None and dict(feature_encoder.description) != dict(similarity.description):
        made.append(_encoded("features", feature_encoder))
    return made


def _encoded(name: str, described: DescribedEncoder) -> Column:
    encoder = described.encoder

    def rows(images: Sequence[Image.Image], _: Sequence[SourceImage]) -> NDArray[np.float32]:
        return checked_embeddings(encoder.encode_images(list(images)), len(images), encoder.dim, encoder.name)

    return Column(name, encoder.dim, rows, described.description, is_encoded=True)


def _brought(table: FeatureTable) -> Column:
    def rows(_: Sequence[Image.Image], images: Sequence[SourceImage]) -> NDArray[np.float32]:
        return table.rows[[table.row_of[image.filename] for image in images]]

    return Column("features", table.rows.shape[1], rows, {"sha256": table.sha256}, is_encoded=False)
