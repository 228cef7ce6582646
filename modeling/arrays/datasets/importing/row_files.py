"""The files of a data set's rows beside its arrays and thumbnails, and the manifest, which is written last."""

import csv
import hashlib
import hmac
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.datasets import dataset_files as files
from modeling.arrays.datasets.importing.listing_checks import LeftOut
from modeling.arrays.datasets.importing.storage import json_bytes, write_file


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
    """

    filenames: Sequence[str]
    labels: NDArray[np.int32]
    splits: NDArray[np.int8]
    attributes: NDArray[np.int32] | None
    keys: Sequence[str]
    notes: Sequence[Mapping[str, Any]] | None = None


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


def write_rows(folder: Path, described: Described, rows: Rows, left_out: Sequence[LeftOut]) -> None:
    """Write everything but arrays and thumbnails, the manifest last.

    Parameters
    ----------
    folder : pathlib.Path
        Of the data set; its arrays and thumbnails are there.
    described : Described
    rows : Rows
    left_out : sequence of LeftOut

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
    for name, data in contents.items():
        write_file(folder / name, data)
    n_classes, n_attributes = len(described.class_names), len(described.attribute_names)
    shown = [key.encode("ascii") for key in rows.keys] if described.source_format != files.POOL else []
    manifest = files.Manifest(
        **vars(described),
        format=files.FORMAT,
        n_rows=len(rows.filenames),
        split_counts={split.word: int(np.sum(rows.splits == split)) for split in files.Split},
        group_counts=files.counts_by_split(rows.labels, rows.splits, rows.attributes, n_classes, n_attributes),
        report=_summary(len(rows.filenames), left_out),
        files={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
        thumbnails_sha256=files.thumbnails_sha256(folder, shown),
    )
    write_file(folder / files.MANIFEST, manifest.to_json().encode("ascii"))


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


def _summary(kept: int, left_out: Sequence[LeftOut]) -> dict[str, Any]:
    reasons = Counter(line.reason for line in left_out)
    return {"listed": kept + len(left_out), "kept": kept, "left_out": dict(sorted(reasons.items()))}


def _npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
