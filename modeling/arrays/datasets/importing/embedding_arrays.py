"""Arrays of a data set during an import: each turns a batch of images into unit rows, or has them from a file."""

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modeling.arrays.common.array_checks import checked_embeddings
from modeling.arrays.common.digests import file_sha256
from modeling.arrays.datasets.importing.import_errors import BadFeatures
from modeling.arrays.datasets.importing.listings import Source
from modeling.arrays.embeddings.standardization import unit_rows


class ImageEncoder(Protocol):
    """What an import needs from an encoder.

    Notes
    -----
    It may also have `prepare(image) -> image`, which several threads call beside the encoder: what `encode_images` does
    with each image first, such as making it smaller. Of what it returns, `encode_images` makes the same rows. And it
    may have `device`, a word for what it computes on: other kinds of device round differently.
    """

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


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features by file name.

    Attributes
    ----------
    path : pathlib.Path
    rows : float32 ndarray of shape (m, d)
        Unit rows.
    row_of : mapping of str to int
        Row of each name.
    sha256 : str
        Of the file.
    """

    path: Path
    rows: NDArray[np.float32]
    row_of: Mapping[str, int]
    sha256: str

    def of(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return the rows of some images.

        Parameters
        ----------
        names : sequence of n str

        Returns
        -------
        float32 ndarray of shape (n, d)
        """
        return self.rows[[self.row_of[name] for name in names]]

    def require_match(self, source: Source) -> None:
        """Check that the names are exactly those of the source's images.

        Parameters
        ----------
        source : Source

        Raises
        ------
        BadFeatures
            If a name is missing or unknown.
        """
        listed = {image.filename for image in source.images}
        if missing := listed - self.row_of.keys():
            raise BadFeatures(f"{self.path}: it has no features for {_first_of(missing)}")
        if unknown := self.row_of.keys() - listed:
            raise BadFeatures(
                f"{self.path}: it has features for {_first_of(unknown)}, which the data set does not list"
            )


@dataclass(frozen=True)
class Column:
    """One array file: an encoder's rows, or those of a file.

    Attributes
    ----------
    name : str
    dim : int
        Number of columns.
    origin : mapping
        What digest and manifest record about where the rows come from.
    encoder : ImageEncoder or None
    table : FeatureTable or None
    """

    name: str
    dim: int
    origin: Mapping[str, Any]
    encoder: ImageEncoder | None = None
    table: FeatureTable | None = None

    @property
    def file(self) -> str:
        """Return the name of the array's file."""
        return f"{self.name}.npy"

    @property
    def prepare(self) -> Callable[[Image.Image], Image.Image]:
        """Return what makes of an image what `rows` takes."""
        return getattr(self.encoder, "prepare", _as_it_is)

    @property
    def device(self) -> str | None:
        """Return what its encoder computes on, where that tells it."""
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
        assert self.encoder is not None, f"the rows of {self.name} come from a file"
        return checked_embeddings(self.encoder.encode_images(list(images)), len(images), self.dim, self.encoder.name)


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
            table = self.features
            return [similarity, Column("features", table.rows.shape[1], {"sha256": table.sha256}, table=table)]
        if self.features is None or dict(self.features.description) == dict(self.similarity.description):
            return [similarity]
        return [similarity, _encoded("features", self.features)]


def _encoded(name: str, described: DescribedEncoder) -> Column:
    return Column(name, described.encoder.dim, described.description, described.encoder)


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


def read_features(path: Path) -> FeatureTable:
    """Read an `.npz` file of features.

    Parameters
    ----------
    path : pathlib.Path
        Has `filenames` (str ndarray of shape (m,), as in the listing) and `features` (float32 ndarray of shape (m, d)).

    Returns
    -------
    FeatureTable
        Rows are scaled to length 1.

    Raises
    ------
    BadFeatures
        If the file cannot be read or has other contents: pickles, other types or shapes, repeated names, or rows that
        are zero or not finite.
    """
    names, features = _load(path)
    if names.ndim != 1 or names.dtype.kind != "U":
        raise BadFeatures(f"{path}: filenames must be a vector of str, not {names.dtype}{list(names.shape)}")
    if features.ndim != 2 or features.dtype != np.float32 or not features.shape[1]:
        raise BadFeatures(f"{path}: features must be float32[m, d], not {features.dtype}{list(features.shape)}")
    if len(names) != len(features):
        raise BadFeatures(f"{path}: it has {len(names)} filenames but {len(features)} rows of features")
    row_of = {str(name): row for row, name in enumerate(names)}
    if len(row_of) < len(names):
        raise BadFeatures(f"{path}: {len(names) - len(row_of)} of its filenames are repeated")
    usable = np.isfinite(features).all(axis=1) & features.any(axis=1)
    if not usable.all():
        raise BadFeatures(f"{path}: the features of {names[np.argmin(usable)]} are zero or not finite")
    return FeatureTable(path, unit_rows(features), row_of, file_sha256(path))


def _load(path: Path) -> tuple[NDArray[np.str_], NDArray[np.float32]]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise BadFeatures(f"{path}: it is a single array, not an .npz with filenames and features")
        with archive:
            missing = {"filenames", "features"} - set(archive.files)
            if missing:
                raise BadFeatures(f"{path}: it lacks {' and '.join(sorted(missing))}")
            names, features = archive["filenames"], archive["features"]
    except OSError as error:
        raise BadFeatures(f"{path}: {error.strerror or error}") from error
    except BadFeatures:
        raise
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadFeatures(f"{path}: it is not an .npz file of plain arrays: {error}") from error
    # NumPy returns a member that is not an array as bytes.
    if not isinstance(names, np.ndarray) or not isinstance(features, np.ndarray):
        raise BadFeatures(f"{path}: it is not an .npz file of plain arrays")
    return names, features


def _first_of(names: Set[str]) -> str:
    return min(names) + (f" and {len(names) - 1} more" if len(names) > 1 else "")
