"""Files of a data set: one directory of arrays, thumbnails and a manifest (docs/engineers/datasets.md).

Rows are sorted by (label, split, filename), so a class is one contiguous block; images that a pool got later come last.
Arrays are memory-mapped read-only.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common import digests
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets.groups import group_counts, group_ids

FORMAT = 1
MANIFEST = "manifest.json"
LABELS = "labels.npy"
SPLITS = "splits.npy"
ATTRIBUTES = "attributes.npy"
IMAGE_KEYS = "image_keys.npy"
PICTURED = "pictured.npy"  # where not every image has a thumbnail
FILENAMES = "filenames.json"
REPORT = "report.csv"
NOTES = "notes.json"  # of a pool, or of a data set with gathered images
POOL = "pool"  # source format of unlabelled images, whose thumbnails are made when they are shown
THUMBNAILS = "thumbnails"

IMAGE_KEY = re.compile(r"[0-9a-f]{24}")
DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


class BadDataset(ModelingError):
    """A data set directory is missing, has another format, or is damaged."""


class Split(IntEnum):
    """The part of the data that an image belongs to, as stored in `splits.npy`."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2

    @property
    def word(self) -> str:
        """Return the split's name in tables and folders: train, validation or test."""
        return self.name.lower()


# What folders and tables may call a split.
SPLIT_WORDS = {"train": Split.TRAIN, "validation": Split.VALIDATION, "val": Split.VALIDATION, "test": Split.TEST}


@dataclass(frozen=True)
class ArrayEntry:
    """One embedding array of a data set. Two names may share one file.

    Attributes
    ----------
    file : str
    dim : int
        Number of columns.
    sha256 : str
        Of the file.
    encoder : str or None
        Key in `Manifest.encoders`; None if it is not known.
    supplied : mapping or None
        The sha256 of an array whose encoder is not known, else None.
    """

    file: str
    dim: int
    sha256: str
    encoder: str | None
    supplied: Mapping[str, Any] | None


@dataclass(frozen=True)
class Manifest:
    """Contents of `manifest.json`.

    Attributes
    ----------
    format : int
        FORMAT.
    name : str
    digest : str
        Identifies sources and encoders, and names the directory.
    source_format : str
    class_names, attribute_names : tuple of str
    n_rows : int
    arrays : mapping of str to ArrayEntry
    encoders : mapping of str to mapping
        Descriptions of the encoders.
    split_counts : mapping of str to int
        Images per split.
    group_counts : mapping of str to tuple of int
        Images per split and group, in the numbering of `clarify_errors.arrays.datasets.groups`.
    report : mapping
        Numbers of images listed, kept and, by reason, left out; how many were embedded at once.
    files : mapping of str to str
        sha256 of each file that is neither an array nor a thumbnail.
    thumbnails_sha256 : str
        Of all thumbnails in the order of their keys.
    """

    format: int
    name: str
    digest: str
    source_format: str
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...]
    n_rows: int
    arrays: Mapping[str, ArrayEntry]
    encoders: Mapping[str, Mapping[str, Any]]
    split_counts: Mapping[str, int]
    group_counts: Mapping[str, tuple[int, ...]]
    report: Mapping[str, Any]
    files: Mapping[str, str]
    thumbnails_sha256: str

    def encoder_of(self, array: str) -> Mapping[str, Any] | None:
        """Return the description of the encoder that made an array.

        Parameters
        ----------
        array : str
            `similarity` or `features`.

        Returns
        -------
        mapping or None
            None if it is not known.
        """
        key = self.arrays[array].encoder
        return None if key is None else self.encoders[key]

    def to_json(self) -> str:
        """Return the manifest as JSON with sorted keys."""
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Parse a manifest.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        Manifest

        Raises
        ------
        KeyError, TypeError, ValueError
            If the text is not a manifest of this format.
        """
        fields = json.loads(text)
        if fields["format"] != FORMAT:
            raise ValueError(f"its format is {fields['format']!r}, but this version reads format {FORMAT}")
        fields["class_names"] = tuple(fields["class_names"])
        fields["attribute_names"] = tuple(fields["attribute_names"])
        fields["arrays"] = {name: ArrayEntry(**entry) for name, entry in fields["arrays"].items()}
        fields["group_counts"] = {split: tuple(counts) for split, counts in fields["group_counts"].items()}
        return cls(**fields)


@dataclass(frozen=True, eq=False)
class DatasetFiles:
    """An open data set of n rows, from `open_dataset`; arrays are read-only.

    Attributes
    ----------
    directory : pathlib.Path
    manifest : Manifest
    labels : int32 ndarray of shape (n,)
    splits : int8 ndarray of shape (n,)
        Values of `Split`.
    attributes : int32 ndarray of shape (n,), or None
        None without groups.
    image_keys : S24 ndarray of shape (n,)
    """

    directory: Path
    manifest: Manifest
    labels: NDArray[np.int32]
    splits: NDArray[np.int8]
    attributes: NDArray[np.int32] | None
    image_keys: NDArray[np.bytes_]

    @property
    def n_rows(self) -> int:
        """Return the number of images."""
        return self.manifest.n_rows

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the name of each label."""
        return self.manifest.class_names

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """Return the name of each attribute; empty without groups."""
        return self.manifest.attribute_names

    @property
    def groups(self) -> NDArray[np.int64]:
        """Return the group of each image, int64[n], as `group_ids` numbers it."""
        return group_ids(self.labels, self.attributes, len(self.attribute_names))

    @cached_property
    def filenames(self) -> tuple[str, ...]:
        """Return the images' names in the source, relative to its root, in row order."""
        names = json.loads((self.directory / FILENAMES).read_text("utf-8"))
        if not isinstance(names, list) or len(names) != self.n_rows:
            raise BadDataset(f"{self.directory / FILENAMES} does not list {self.n_rows} names")
        return tuple(names)

    @cached_property
    def pictured(self) -> NDArray[np.bool_]:
        """Return which images have a thumbnail since the import, bool[n].

        Those of a pool are made when somebody is to see them.
        """
        if PICTURED in self.manifest.files:
            return _mapped(self.directory / PICTURED, np.dtype(np.bool_), (self.n_rows,))
        return np.full(self.n_rows, self.manifest.source_format != POOL)

    @cached_property
    def notes(self) -> tuple[Mapping[str, Any], ...]:
        """Return source, licence and the like of each image; empty without."""
        if NOTES not in self.manifest.files:
            return ({},) * self.n_rows
        return tuple(json.loads((self.directory / NOTES).read_text("utf-8")))

    def array(self, name: str) -> NDArray[np.float32]:
        """Open an embedding array.

        Parameters
        ----------
        name : str
            `similarity` or `features`.

        Returns
        -------
        float32 ndarray of shape (n, dim)
            Unit rows, memory-mapped and read-only.

        Raises
        ------
        BadDataset
            If the data set has no array of this name, or its file is damaged.
        """
        entry = self.manifest.arrays.get(name)
        if entry is None:
            known = ", ".join(sorted(self.manifest.arrays))
            raise BadDataset(f"{self.directory}: there is no array {name!r} (there are: {known})")
        return _mapped(self.directory / entry.file, np.dtype(np.float32), (self.n_rows, entry.dim))

    def rows(self, split: Split, label: int | None = None) -> NDArray[np.int64]:
        """Return the rows of a split, or of one class in a split.

        Parameters
        ----------
        split : Split
        label : int, optional
            Default: all classes.

        Returns
        -------
        int64 ndarray of shape (m,)
            In ascending order.
        """
        chosen = self.splits == split
        if label is not None:
            chosen &= self.labels == label
        return np.flatnonzero(chosen).astype(np.int64)

    @property
    def train_group_counts(self) -> NDArray[np.int64]:
        """Return the number of train images in each group, int64[G]."""
        return np.asarray(self.manifest.group_counts[Split.TRAIN.word], np.int64)

    def image_path(self, key: str) -> Path:
        """Return the path of a thumbnail.

        Parameters
        ----------
        key : str
            24 hex digits.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        BadDataset
            If `key` is not an image key.
        """
        return self.directory / thumbnail_name(key)


def dataset_directory(data_root: Path, name: str, digest: str) -> Path:
    """Return the directory of a version of a data set.

    Parameters
    ----------
    data_root : pathlib.Path
    name : str
        1 to 60 letters, digits, _ or -; the first is a letter or digit.
    digest : str

    Returns
    -------
    pathlib.Path

    Raises
    ------
    BadDataset
        If `name` cannot name a folder.
    """
    if not DATASET_NAME.fullmatch(name):
        raise BadDataset(
            f"{name!r} cannot name a data set: use 1 to 60 letters, digits, _ or -, starting with a letter or digit"
        )
    return data_root / "datasets" / name / digest


def thumbnail_name(key: str) -> str:
    """Return a thumbnail's path inside a data set directory.

    Parameters
    ----------
    key : str
        24 hex digits.

    Returns
    -------
    str

    Raises
    ------
    BadDataset
        If `key` is not an image key.
    """
    if not IMAGE_KEY.fullmatch(key):
        raise BadDataset(f"{key!r} is not an image key, which has 24 digits of 0-9 and a-f")
    return f"{THUMBNAILS}/{key[:2]}/{key}.webp"


def counts_by_split(
    labels: NDArray[np.int32],
    splits: NDArray[np.int8],
    attributes: NDArray[np.int32] | None,
    n_classes: int,
    n_attributes: int,
) -> dict[str, tuple[int, ...]]:
    """Count the images per split and group.

    Parameters
    ----------
    labels : int32 ndarray of shape (n,)
    splits : int8 ndarray of shape (n,)
    attributes : int32 ndarray of shape (n,), or None
    n_classes, n_attributes : int
        n_attributes is 0 without groups.

    Returns
    -------
    dict of str to tuple of int
        Per split one count per group, numbered as in `clarify_errors.arrays.datasets.groups`; an empty group counts 0.

    Raises
    ------
    BadArray
        If lengths, types or ids are invalid.
    """
    groups = group_ids(labels, attributes, n_attributes)
    n_groups = n_classes * max(n_attributes, 1)
    return {split.word: tuple(group_counts(groups[splits == split], n_groups).tolist()) for split in Split}


def open_dataset(directory: Path) -> DatasetFiles:
    """Open a data set directory, and check its manifest, types, shapes and row order.

    Parameters
    ----------
    directory : pathlib.Path

    Returns
    -------
    DatasetFiles

    Raises
    ------
    BadDataset
        If something is missing or does not fit. Contents are not hashed: `verify` does that.
    """
    manifest = _read_manifest(directory)
    shape = (manifest.n_rows,)
    attributes = directory / ATTRIBUTES
    dataset = DatasetFiles(
        directory=directory,
        manifest=manifest,
        labels=_mapped(directory / LABELS, np.dtype(np.int32), shape),
        splits=_mapped(directory / SPLITS, np.dtype(np.int8), shape),
        attributes=_mapped(attributes, np.dtype(np.int32), shape) if manifest.attribute_names else None,
        image_keys=_mapped(directory / IMAGE_KEYS, np.dtype("S24"), shape),
    )
    _check_rows(dataset)
    for name in manifest.arrays:
        dataset.array(name)
    return dataset


def verify(directory: Path) -> None:
    """Recompute the digest of every file of a data set.

    Parameters
    ----------
    directory : pathlib.Path

    Raises
    ------
    BadDataset
        If a file differs or cannot be read; the message names each one that differs.
    """
    dataset = open_dataset(directory)
    expected = {entry.file: entry.sha256 for entry in dataset.manifest.arrays.values()} | dict(dataset.manifest.files)
    damaged = [name for name, digest in sorted(expected.items()) if file_sha256(directory / name) != digest]
    if not {IMAGE_KEYS, PICTURED} & set(damaged):
        keys = dataset.image_keys[dataset.pictured]
        if thumbnails_sha256(directory, keys) != dataset.manifest.thumbnails_sha256:
            damaged.append(THUMBNAILS)
    if damaged:
        raise BadDataset(f"{directory}: changed since the import: {', '.join(damaged)}. Import the data set again")


def file_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file of a data set.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str
        64 hex digits.

    Raises
    ------
    BadDataset
        If it cannot be read.
    """
    try:
        return digests.file_sha256(path)
    except OSError as error:
        raise BadDataset(f"{path}: {error.strerror}") from error


def thumbnails_sha256(directory: Path, image_keys: NDArray[np.bytes_] | list[bytes]) -> str:
    """Compute one SHA-256 over all thumbnails.

    Parameters
    ----------
    directory : pathlib.Path
        Of the data set.
    image_keys : iterable of bytes

    Returns
    -------
    str
        Digest of the lines `key sha256`, in the order of the keys.

    Raises
    ------
    BadDataset
        If a thumbnail cannot be read or a key is not an image key.
    """
    total = hashlib.sha256()
    for key in map(bytes.decode, np.sort(image_keys)):
        total.update(f"{key} {file_sha256(directory / thumbnail_name(key))}\n".encode())
        step_done()
    return total.hexdigest()


def _read_manifest(directory: Path) -> Manifest:
    path = directory / MANIFEST
    try:
        return Manifest.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise BadDataset(f"{path}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDataset(f"{path} is not the manifest of a data set: {error}") from error


def _mapped(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise BadDataset(f"{path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise BadDataset(f"{path} is not an array file: {error}") from error
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise BadDataset(f"{path} holds {array.dtype}{list(array.shape)}, not {dtype}{list(shape)}")
    return array


def _check_rows(dataset: DatasetFiles) -> None:
    directory, labels, splits = dataset.directory, dataset.labels, dataset.splits
    if dataset.n_rows == 0:
        raise BadDataset(f"{directory} has no rows")
    if labels.min() < 0 or labels.max() >= len(dataset.class_names):
        raise BadDataset(f"{directory / LABELS}: a label has no class name")
    if splits.min() < min(Split) or splits.max() > max(Split):
        raise BadDataset(f"{directory / SPLITS}: a split is not one of 0, 1, 2")
    if np.any(np.diff(labels.astype(np.int64) * len(Split) + splits) < 0):
        raise BadDataset(f"{directory}: its rows are not sorted by label and split")
    attributes = dataset.attributes
    if attributes is not None and (attributes.min() < 0 or attributes.max() >= len(dataset.attribute_names)):
        raise BadDataset(f"{directory / ATTRIBUTES}: an attribute has no name")
