"""The files of a data set's rows beside its arrays and thumbnails, and the manifest, which is written last.

A directory of rows that are embedded already, by others or as gathered images, is written here as a whole.
"""

import csv
import hashlib
import hmac
import io
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.datasets import dataset_files as files
from modeling.arrays.datasets.importing.listing_checks import LeftOut
from modeling.arrays.datasets.importing.storage import (
    RowFile,
    json_bytes,
    only_import,
    publish,
    staging_folder,
    storing,
    write_file,
)

BLOCK_BYTES = 2**26  # of the rows that are written at once

Blocks = Callable[[slice], NDArray[np.float32]]  # some of an array's rows, in the order of the data set


@dataclass(frozen=True, eq=False)
class Rows:
    """n images in row order.

    Attributes
    ----------
    filenames : sequence of n str
    labels : int32 ndarray of shape (n,)
    splits : int8 ndarray of shape (n,)
    attributes : int32 ndarray of shape (n,), or None
        None without groups.
    keys : sequence of n str
        From `image_key`.
    notes : sequence of n mapping, optional
        Of a pool: source, licence and whether an image is unsafe.
    pictured : bool ndarray of shape (n,), optional
        Which images have a thumbnail. Default: all, or none of a pool.
    """

    filenames: Sequence[str]
    labels: NDArray[np.int32]
    splits: NDArray[np.int8]
    attributes: NDArray[np.int32] | None
    keys: Sequence[str]
    notes: Sequence[Mapping[str, Any]] | None = None
    pictured: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Described:
    """What a manifest says of a data set beside its rows; see `Manifest`.

    Attributes
    ----------
    name, digest, source_format : str
    class_names, attribute_names : tuple of str
    arrays : mapping of str to ArrayEntry
    encoders : mapping of str to mapping
    """

    name: str
    digest: str
    source_format: str
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...]
    arrays: Mapping[str, files.ArrayEntry]
    encoders: Mapping[str, Mapping[str, Any]]


def write_rows(
    folder: Path,
    described: Described,
    rows: Rows,
    left_out: Sequence[LeftOut],
    embedded: Mapping[str, Any] | None = None,
) -> None:
    """Write everything but arrays and thumbnails, the manifest last.

    Parameters
    ----------
    folder : pathlib.Path
        Of the data set; its arrays and thumbnails are there.
    described : Described
    rows : Rows
    left_out : sequence of LeftOut
    embedded : mapping, optional
        What the report says of how the images were embedded.

    Raises
    ------
    StorageFailed
        If a file cannot be written.
    """
    contents = {
        files.LABELS: _npy(rows.labels),
        files.SPLITS: _npy(rows.splits),
        files.IMAGE_KEYS: _npy(np.array(rows.keys, "S24")),
        files.FILENAMES: json_bytes(list(rows.filenames)),
        files.REPORT: report_csv(left_out),
    }
    if rows.attributes is not None:
        contents[files.ATTRIBUTES] = _npy(rows.attributes)
    if rows.notes is not None:
        contents[files.NOTES] = json_bytes(list(rows.notes))
    pictured = np.full(len(rows.keys), described.source_format != files.POOL)
    if rows.pictured is not None:
        pictured = rows.pictured
        contents[files.PICTURED] = _npy(pictured)
    for name, data in contents.items():
        write_file(folder / name, data)
    n_classes, n_attributes = len(described.class_names), len(described.attribute_names)
    shown = (key.encode("ascii") for key in compress(rows.keys, pictured))
    manifest = files.Manifest(
        **vars(described),
        format=files.FORMAT,
        n_rows=len(rows.filenames),
        split_counts={split.word: int(np.sum(rows.splits == split)) for split in files.Split},
        group_counts=files.counts_by_split(rows.labels, rows.splits, rows.attributes, n_classes, n_attributes),
        report=_summary(len(rows.filenames), left_out) | dict(embedded or {}),
        files={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        thumbnails_sha256=files.thumbnails_sha256(folder, shown),
    )
    write_file(folder / files.MANIFEST, manifest.to_json().encode("ascii"))


def assemble(
    directory: Path,
    described: Described,
    rows: Rows,
    arrays: Mapping[str, tuple[Blocks, int, Mapping[str, Any] | None]],
    place_thumbnails: Callable[[Path], None] | None = None,
    left_out: Sequence[LeftOut] = (),
) -> Path:
    """Write a data set directory of rows that are there, whole or not at all.

    Parameters
    ----------
    directory : pathlib.Path
        One that exists is checked and left as it is.
    described : Described
        Its arrays and encoders are replaced.
    rows : Rows
        In the order of a data set.
    arrays : mapping of str to tuple
        By name: rows of a slice, their dimension, and the description of their encoder. `features` is `similarity`
        unless it is given.
    place_thumbnails : callable, optional
        Puts the thumbnails of the rows into a folder.
    left_out : sequence of LeftOut, optional
        What is in the report and not in the rows.

    Returns
    -------
    pathlib.Path
        The directory.

    Raises
    ------
    BadDataset
        If an existing directory is damaged.
    StorageFailed
        If something cannot be written.
    """
    with only_import(directory.parent):
        if directory.exists():
            files.open_dataset(directory)
            return directory
        staging = staging_folder(directory)
        with storing(staging):
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
        entries = {name: _write(staging, name, len(rows.filenames), *array) for name, array in arrays.items()}
        if place_thumbnails:
            with storing(staging):
                place_thumbnails(staging)
        encoders = {name: encoder for name, (_, _, encoder) in arrays.items() if encoder is not None}
        entries = {"features": entries["similarity"], **entries}
        write_rows(staging, replace(described, arrays=entries, encoders=encoders), rows, left_out)
        publish(staging, directory)
    return directory


def image_key(key_secret: bytes, digest: str, filename: str) -> str:
    """Compute the opaque name of a thumbnail.

    Parameters
    ----------
    key_secret : bytes
    digest : str
        Of the data set.
    filename : str

    Returns
    -------
    str
        24 hex digits, which reveal neither file nor label without the secret.
    """
    message = f"{digest}\0{filename}".encode("utf-8", "surrogateescape")
    return hmac.digest(key_secret, message, "sha256").hex()[:24]


def report_csv(left_out: Sequence[LeftOut]) -> bytes:
    """Write the report as RFC 4180 CSV.

    Parameters
    ----------
    left_out : sequence of LeftOut

    Returns
    -------
    bytes
        Columns filename, split, reason and detail.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(LeftOut._fields)
    writer.writerows(left_out)
    return stream.getvalue().encode("utf-8", "surrogateescape")


def _write(
    folder: Path, name: str, n_rows: int, rows: Blocks, dim: int, encoder: Mapping[str, Any] | None
) -> files.ArrayEntry:
    file = RowFile(folder / f"{name}.npy", dim)
    at_once = max(BLOCK_BYTES // (4 * dim), 1)
    for start in range(0, n_rows, at_once):
        file.write(start, rows(slice(start, min(start + at_once, n_rows))))
    file.finish(n_rows)
    sha256 = files.file_sha256(file.path)
    supplied = {"sha256": sha256} if encoder is None else None
    return files.ArrayEntry(file.path.name, dim, sha256, None if supplied else name, supplied)


def _summary(kept: int, left_out: Sequence[LeftOut]) -> dict[str, Any]:
    reasons = Counter(line.reason for line in left_out)
    return {"listed": kept + len(left_out), "kept": kept, "left_out": dict(sorted(reasons.items()))}


def _npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
