"""The files of a data set's rows beside its arrays and thumbnails, and the manifest, which is written last.

A directory of rows that are embedded already, by others or as gathered images, is written here as a whole.
"""

import csv
import hashlib
import hmac
import io
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.datasets import dataset_files as files
from clarify_errors.arrays.datasets.importing.listed_images import KEPT, NOTED, UNPICTURED, LeftOut
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.storage import (
    json_list,
    npy_header,
    only_import,
    publish,
    staging_folder,
    storing,
    write_file,
    write_matrix,
)

BLOCK_BYTES = 2**26  # of the rows that are written at once

Array = tuple[Iterable[NDArray[np.float32]], int, Mapping[str, Any] | None]  # rows in blocks, dimension, encoder


@dataclass(frozen=True, eq=False)
class Rows:
    """n images in row order.

    Attributes
    ----------
    filenames : iterable of n str
    labels : int32 ndarray of shape (n,)
    splits : int8 ndarray of shape (n,)
    attributes : int32 ndarray of shape (n,), or None
        None without groups.
    keys : S24 ndarray of shape (n,)
        From `image_key`.
    notes : iterable of n mapping, optional
        Of a pool: source, licence and whether an image is unsafe.
    pictured : bool ndarray of shape (n,), optional
        Which images have a thumbnail. Default: all, or none of a pool.
    """

    filenames: Iterable[str]
    labels: NDArray[np.int32]
    splits: NDArray[np.int8]
    attributes: NDArray[np.int32] | None
    keys: NDArray[np.bytes_]
    notes: Iterable[Mapping[str, Any]] | None = None
    pictured: NDArray[np.bool_] | None = None


def rows_of(source: Source, key_secret: bytes, digest: str) -> Rows:
    """Make the rows of the images that are not left out.

    Parameters
    ----------
    source : Source
    key_secret : bytes
    digest : str
        Of the data set.

    Returns
    -------
    Rows
    """
    images = source.images
    return Rows(
        filenames=(image.filename for image in images.select()),
        labels=images.column("label", np.int32),
        splits=images.column("split", np.int8),
        attributes=images.column("attribute", np.int32) if source.attribute_names else None,
        keys=image_keys(key_secret, digest, (image.filename for image in images.select()), images.count(KEPT)),
        notes=(image.note or {} for image in images.select()) if images.count(NOTED) else None,
        pictured=images.column("pictured", np.bool_) if images.count(UNPICTURED) else None,
    )


@dataclass(frozen=True)
class Described:
    """What a manifest says of a data set beside its rows and arrays; see `Manifest`.

    Attributes
    ----------
    name, digest, source_format : str
    class_names, attribute_names : tuple of str
    """

    name: str
    digest: str
    source_format: str
    class_names: tuple[str, ...]
    attribute_names: tuple[str, ...] = ()


def in_blocks(n_rows: int, dim: int) -> Iterator[slice]:
    """Cut rows into blocks that are written at once.

    Parameters
    ----------
    n_rows, dim : int

    Yields
    ------
    slice
    """
    at_once = max(BLOCK_BYTES // (4 * dim), 1)
    for start in range(0, n_rows, at_once):
        yield slice(start, min(start + at_once, n_rows))


def write_dataset(
    folder: Path,
    described: Described,
    rows: Rows,
    arrays: Mapping[str, Array],
    left_out: Iterable[LeftOut] = (),
    *,
    place_thumbnails: Callable[[Path], None] | None = None,
    embedded: Mapping[str, Any] | None = None,
) -> None:
    """Write all files of a data set, the manifest last.

    Parameters
    ----------
    folder : pathlib.Path
        Of the data set.
    described : Described
    rows : Rows
        In the order of a data set.
    arrays : mapping of str to tuple
        By name: blocks of rows, their dimension, and the description of their encoder, if it is known. `features` is
        `similarity` unless it is given.
    left_out : iterable of LeftOut, optional
        What is in the report and not in the rows.
    place_thumbnails : callable, optional
        Puts the thumbnails of the rows into the folder, once the arrays are there. Default: they are there.
    embedded : mapping, optional
        What the report says of how the images were embedded.

    Raises
    ------
    StorageFailed
        If a file cannot be written.
    """
    entries = {name: _write(folder, name, *array) for name, array in arrays.items()}
    if place_thumbnails:
        with storing(folder):
            place_thumbnails(folder)
    reasons: Counter[str] = Counter()
    contents: dict[str, Iterable[bytes | memoryview]] = {
        files.LABELS: _npy(rows.labels),
        files.SPLITS: _npy(rows.splits),
        files.IMAGE_KEYS: _npy(rows.keys),
        files.FILENAMES: json_list(rows.filenames),
        files.REPORT: report_csv(left_out, reasons),
    }
    if rows.attributes is not None:
        contents[files.ATTRIBUTES] = _npy(rows.attributes)
    if rows.notes is not None:
        contents[files.NOTES] = json_list(rows.notes)
    pictured = np.full(len(rows.keys), described.source_format != files.POOL)
    if rows.pictured is not None:
        pictured = rows.pictured
        contents[files.PICTURED] = _npy(pictured)
    n_rows, n_classes, n_attributes = len(rows.keys), len(described.class_names), len(described.attribute_names)
    manifest = files.Manifest(
        **vars(described),
        arrays={"features": entries["similarity"], **entries},
        encoders={name: dict(encoder) for name, (_, _, encoder) in arrays.items() if encoder is not None},
        format=files.FORMAT,
        n_rows=n_rows,
        split_counts={split.word: int(np.sum(rows.splits == split)) for split in files.Split},
        group_counts=files.counts_by_split(rows.labels, rows.splits, rows.attributes, n_classes, n_attributes),
        files={name: _store(folder / name, parts) for name, parts in contents.items()},
        report=_summary(n_rows, reasons) | dict(embedded or {}),
        thumbnails_sha256=files.thumbnails_sha256(folder, rows.keys[pictured]),
    )
    write_file(folder / files.MANIFEST, manifest.to_json().encode("ascii"))


def assemble(
    directory: Path,
    described: Described,
    rows: Rows,
    arrays: Mapping[str, Array],
    place_thumbnails: Callable[[Path], None] | None = None,
    left_out: Iterable[LeftOut] = (),
) -> Path:
    """Write a data set directory of rows that are there, whole or not at all.

    Parameters
    ----------
    directory : pathlib.Path
        One that exists is checked and left as it is.
    described : Described
    rows : Rows
    arrays : mapping of str to tuple
    place_thumbnails : callable, optional
    left_out : sequence of LeftOut, optional
        All as `write_dataset` has them.

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
        write_dataset(staging, described, rows, arrays, left_out, place_thumbnails=place_thumbnails)
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


def image_keys(key_secret: bytes, digest: str, filenames: Iterable[str], n: int) -> NDArray[np.bytes_]:
    """Compute the opaque names of thumbnails.

    Parameters
    ----------
    key_secret : bytes
    digest : str
        Of the data set.
    filenames : iterable of n str
    n : int

    Returns
    -------
    S24 ndarray of shape (n,)
        From `image_key`.
    """
    return np.fromiter((image_key(key_secret, digest, name) for name in filenames), "S24", n)


def report_csv(left_out: Iterable[LeftOut], reasons: Counter[str]) -> Iterator[bytes]:
    """Make the report as RFC 4180 CSV.

    Parameters
    ----------
    left_out : iterable of LeftOut
    reasons : Counter
        Counts the lines by reason.

    Yields
    ------
    bytes
        Lines of the columns filename, split, reason and detail.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(LeftOut._fields)
    for line in left_out:
        reasons[line.reason] += 1
        writer.writerow(line)
        yield stream.getvalue().encode("utf-8", "surrogateescape")
        stream.seek(0)
        stream.truncate()
    yield stream.getvalue().encode("utf-8", "surrogateescape")


def _write(
    folder: Path, name: str, blocks: Iterable[NDArray[np.float32]], dim: int, encoder: Mapping[str, Any] | None
) -> files.ArrayEntry:
    file = folder / f"{name}.npy"
    write_matrix(file, dim, blocks)
    sha256 = files.file_sha256(file)
    supplied = {"sha256": sha256} if encoder is None else None
    return files.ArrayEntry(file.name, dim, sha256, None if supplied else name, supplied)


def _store(path: Path, parts: Iterable[bytes | memoryview]) -> str:
    """Write a file part by part; return its digest."""
    digest = hashlib.sha256()
    with storing(path), path.open("wb") as file:
        for part in parts:
            file.write(part)
            digest.update(part)
    return digest.hexdigest()


def _summary(kept: int, reasons: Counter[str]) -> dict[str, Any]:
    return {"listed": kept + reasons.total(), "kept": kept, "left_out": dict(sorted(reasons.items()))}


def _npy(array: NDArray[Any]) -> Iterator[bytes | memoryview]:
    """Yield the parts of an `.npy` file."""
    yield npy_header(array.dtype, array.shape)
    yield np.ascontiguousarray(array).data
