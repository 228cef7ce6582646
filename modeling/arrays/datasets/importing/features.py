"""Classifier features from a file: an `.npz` with `filenames` and `features`."""

import zipfile
import zlib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.digests import file_sha256
from modeling.arrays.datasets.importing.import_errors import BadFeatures
from modeling.arrays.datasets.importing.sources import Source
from modeling.arrays.embeddings.standardization import unit_rows


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
