"""A data set as it lies on the disk: one directory of arrays, thumbnails and a manifest (docs/datasets.md).

Rows are sorted by (label, split, filename), so a class is one contiguous block. Arrays are memory-mapped read-only.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common import digests
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.datasets.groups import group_counts, group_ids

FORMAT = 1
MANIFEST = "manifest.json"
LABELS = "labels.npy"
SPLITS = "splits.npy"
ATTRIBUTES = "attributes.npy"
IMAGE_KEYS = "image_keys.npy"
FILENAMES = "filenames.json"
REPORT = "report.csv"
THUMBNAILS = "thumbnails"

IMAGE_KEY = re.compile(r"[0-9a-f]{24}")
DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


class BadDataset(ModelingError):
    """A data set directory is missing, written in another format, or damaged."""

    code = "bad_dataset"


class Split(IntEnum):
    """Which part of the data an image belongs to, as stored in `splits.npy`."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2

    @property
    def word(self) -> str:
        """The split's name in tables, folders and manifests: train, validation or test."""
        return self.name.lower()


# What folders and tables may call a split.
SPLIT_WORDS = {"train": Split.TRAIN, "validation": Split.VALIDATION, "val": Split.VALIDATION, "test": Split.TEST}


@dataclass(frozen=True)
class ArrayEntry:
    """One embedding array: its file, its width, the file's digest, and the key of its encoder in `Manifest.encoders`.

    `encoder` is None where the array was brought as a file, and `brought` then has that file's sha256. Two names may
    share one file.
    """

    file: str
    dim: int
    sha256: str
    encoder: str | None
    brought: Mapping[str, Any] | None


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` holds.

    `digest` identifies the sources and the encoders, and names the directory. `files` maps each remaining file to its
    sha256, `thumbnails_sha256` is that of all thumbnails in the order of their keys. `group_counts` has, per split,
    one count per group in the numbering of `modeling.arrays.datasets.groups`. `report` counts the images listed, kept
    and, by reason, left out.
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
        """The description of the encoder that made an array; None where the array was brought as a file."""
        key = self.arrays[array].encoder
        return None if key is None else self.encoders[key]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Raises KeyError, TypeError or ValueError where the text is not a manifest of this format."""
        fields = json.loads(text)
        if fields["format"] != FORMAT:
            raise ValueError(f"it has format {fields['format']!r}, this version reads format {FORMAT}")
        fields["class_names"] = tuple(fields["class_names"])
        fields["attribute_names"] = tuple(fields["attribute_names"])
        fields["arrays"] = {name: ArrayEntry(**entry) for name, entry in fields["arrays"].items()}
        fields["group_counts"] = {split: tuple(counts) for split, counts in fields["group_counts"].items()}
        return cls(**fields)


@dataclass(frozen=True, eq=False)
class DatasetFiles:
    """An open data set of n rows. Make one with `open_dataset`.

    labels int32[n], splits int8[n], attributes int32[n] or None, image_keys S24[n]: memory-mapped, read-only.
    """

    directory: Path
    manifest: Manifest
    labels: NDArray[np.int32]
    splits: NDArray[np.int8]
    attributes: NDArray[np.int32] | None
    image_keys: NDArray[np.bytes_]

    @property
    def n_rows(self) -> int:
        return self.manifest.n_rows

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.manifest.class_names

    @property
    def attribute_names(self) -> tuple[str, ...]:
        return self.manifest.attribute_names

    @cached_property
    def filenames(self) -> tuple[str, ...]:
        """The images' names in the source, relative to its root, in row order."""
        names = json.loads((self.directory / FILENAMES).read_text("utf-8"))
        if not isinstance(names, list) or len(names) != self.n_rows:
            raise BadDataset(f"{self.directory / FILENAMES}: it does not list {self.n_rows} names")
        return tuple(names)

    def array(self, name: str) -> NDArray[np.float32]:
        """The array `similarity` or `features`: float32[n, dim] of unit rows, memory-mapped, read-only.

        Raises BadDataset where the data set has no array of this name.
        """
        entry = self.manifest.arrays.get(name)
        if entry is None:
            known = ", ".join(sorted(self.manifest.arrays))
            raise BadDataset(f"{self.directory}: there is no array {name!r} (there are: {known})")
        return _mapped(self.directory / entry.file, np.dtype(np.float32), (self.n_rows, entry.dim))

    def rows(self, split: Split, label: int | None = None) -> NDArray[np.int64]:
        """The rows of a split, or of one class in a split: int64[m], in manifest order."""
        chosen = self.splits == split
        if label is not None:
            chosen &= self.labels == label
        return np.flatnonzero(chosen).astype(np.int64)

    @property
    def train_group_counts(self) -> NDArray[np.int64]:
        """int64[G]: the number of train images in each group (label × attribute, or label alone)."""
        return np.asarray(self.manifest.group_counts[Split.TRAIN.word], np.int64)

    def image_path(self, key: str) -> Path:
        """Where the thumbnail with this image key lies. Raises BadDataset where the key is not one."""
        return self.directory / thumbnail_name(key)


def dataset_directory(data_root: Path, name: str, digest: str) -> Path:
    """Where a version of a data set lies under the data root. Raises BadDataset for a name unfit for a folder."""
    if not DATASET_NAME.fullmatch(name):
        raise BadDataset(
            f"{name!r} cannot name a data set: use 1 to 60 letters, digits, _ or -, a letter or digit first"
        )
    return data_root / "datasets" / name / digest


def thumbnail_name(key: str) -> str:
    """The thumbnail's path inside a data set directory. Raises BadDataset where the key is not an image key."""
    if not IMAGE_KEY.fullmatch(key):
        raise BadDataset(f"{key!r} is not an image key: it has 24 digits of 0-9 and a-f")
    return f"{THUMBNAILS}/{key[:2]}/{key}.webp"


def counts_by_split(
    labels: NDArray[np.int32],
    splits: NDArray[np.int8],
    attributes: NDArray[np.int32] | None,
    n_classes: int,
    n_attributes: int,
) -> dict[str, tuple[int, ...]]:
    """Count images per split and group, numbered as in `modeling.arrays.datasets.groups`; an empty group counts 0."""
    groups = group_ids(labels, attributes, n_attributes)
    n_groups = n_classes * max(n_attributes, 1)
    return {split.word: tuple(group_counts(groups[splits == split], n_groups).tolist()) for split in Split}


def open_dataset(directory: Path) -> DatasetFiles:
    """Opens a data set directory and checks its manifest, dtypes, shapes and row order.

    Raises BadDataset. Contents are not hashed: `verify` does that.
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
    """Recomputes the digest of every file of a data set. Raises BadDataset naming each one that differs."""
    dataset = open_dataset(directory)
    expected = {entry.file: entry.sha256 for entry in dataset.manifest.arrays.values()} | dict(dataset.manifest.files)
    damaged = [name for name, digest in sorted(expected.items()) if file_sha256(directory / name) != digest]
    keys_hold = IMAGE_KEYS not in damaged
    if keys_hold and thumbnails_sha256(directory, dataset.image_keys) != dataset.manifest.thumbnails_sha256:
        damaged.append(THUMBNAILS)
    if damaged:
        raise BadDataset(f"{directory}: changed since the import: {', '.join(damaged)}. Import the data set again")


def file_sha256(path: Path) -> str:
    """The sha256 of a file of a data set, in hex. Raises BadDataset where it cannot be read."""
    try:
        return digests.file_sha256(path)
    except OSError as error:
        raise BadDataset(f"{path}: {error.strerror}") from error


def thumbnails_sha256(directory: Path, image_keys: Iterable[bytes]) -> str:
    """One sha256 over all thumbnails: of `key sha256` lines, in the order of the keys."""
    total = hashlib.sha256()
    for key in sorted(key.decode("ascii") for key in image_keys):
        total.update(f"{key} {file_sha256(directory / thumbnail_name(key))}\n".encode())
    return total.hexdigest()


def _read_manifest(directory: Path) -> Manifest:
    path = directory / MANIFEST
    try:
        return Manifest.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise BadDataset(f"{path}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadDataset(f"{path}: this is not the manifest of a data set: {error}") from error


def _mapped(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise BadDataset(f"{path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise BadDataset(f"{path}: this is not an array file: {error}") from error
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise BadDataset(f"{path}: it holds {array.dtype}{list(array.shape)}, not {dtype}{list(shape)}")
    return array


def _check_rows(dataset: DatasetFiles) -> None:
    directory, labels, splits = dataset.directory, dataset.labels, dataset.splits
    if dataset.n_rows == 0:
        raise BadDataset(f"{directory}: it has no rows")
    if labels.min() < 0 or labels.max() >= len(dataset.class_names):
        raise BadDataset(f"{directory / LABELS}: a label has no class name")
    if splits.min() < min(Split) or splits.max() > max(Split):
        raise BadDataset(f"{directory / SPLITS}: a split is not one of 0, 1, 2")
    if np.any(np.diff(labels.astype(np.int64) * len(Split) + splits) < 0):
        raise BadDataset(f"{directory}: its rows are not sorted by label and split")
    attributes = dataset.attributes
    if attributes is not None and (attributes.min() < 0 or attributes.max() >= len(dataset.attribute_names)):
        raise BadDataset(f"{directory / ATTRIBUTES}: an attribute has no name")
