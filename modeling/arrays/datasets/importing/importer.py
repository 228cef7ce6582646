"""Import of a folder's listing into a data set directory (docs/datasets.md)."""

import csv
import hashlib
import hmac
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.progress import Progress, silent
from modeling.arrays.datasets import dataset_files as files
from modeling.arrays.datasets.importing.embedding_arrays import Column, Embeddings
from modeling.arrays.datasets.importing.features import FeatureTable
from modeling.arrays.datasets.importing.import_errors import BadSource
from modeling.arrays.datasets.importing.listing_checks import HashedImage, LeftOut, hash_images, without_duplicates
from modeling.arrays.datasets.importing.partial import Partial, forget_record, staging_folder
from modeling.arrays.datasets.importing.sources import Source
from modeling.arrays.datasets.importing.storage import json_bytes, only_import, publish, write_file


def import_images(
    source: Source,
    data_root: Path,
    name: str,
    *,
    embeddings: Embeddings,
    key_secret: bytes,
    progress: Progress = silent,
) -> Path:
    """Make the data set directory `data_root/datasets/<name>/<digest>`.

    Parameters
    ----------
    source : Source
    data_root : pathlib.Path
    name : str
        1 to 60 letters, digits, _ or -; the first is a letter or digit.
    embeddings : Embeddings
    key_secret : bytes
        Keys the opaque names of the thumbnails; not empty.
    progress : Progress, optional
        Counts images in the stages `reading` and `embedding`.

    Returns
    -------
    pathlib.Path
        The directory. The same input gives the same digest, so an existing directory is returned after hashing.

    Raises
    ------
    ImportRefused
        If the import cannot be done, with the reason.
    BadEmbedding
        If an encoder does not return finite unit rows.
    BadDataset
        If the name is invalid, or an existing directory with the same digest is damaged.
    ValueError
        If `key_secret` is empty.

    Notes
    -----
    The digest covers images, labels, splits, groups, names and encoders. An interrupted import continues at
    the batch where it stopped; the result is identical to the byte.
    """
    if not key_secret:
        raise ValueError("an empty key_secret would let anybody guess the names of thumbnails")
    parts = embeddings.columns()
    if isinstance(embeddings.features, FeatureTable):
        embeddings.features.require_match(source)
    files.dataset_directory(data_root, name, "")  # rejects an invalid name before reading images
    hashed = hash_images(source, progress)
    digest = source_digest(source, hashed, parts)
    directory = files.dataset_directory(data_root, name, digest)
    with only_import(directory.parent):
        if directory.exists():
            files.open_dataset(directory)
        else:
            _Making(source, directory, name, digest, parts, key_secret).run(hashed, progress)
        forget_record(directory)
    return directory


def source_digest(source: Source, hashed: Sequence[HashedImage], parts: Sequence[Column]) -> str:
    """Compute the digest of everything that determines a data set.

    The data set's name and the names of its thumbnails are not included.

    Parameters
    ----------
    source : Source
    hashed : sequence of HashedImage
        In row order.
    parts : sequence of Column

    Returns
    -------
    str
        SHA-256, 64 hex digits.
    """
    total = hashlib.sha256()
    head = {
        "format": files.FORMAT,
        "source_format": source.format,
        "class_names": source.class_names,
        "attribute_names": source.attribute_names,
        "arrays": {column.name: dict(column.origin) for column in parts},
    }
    total.update(json_bytes(head))
    for entry in hashed:
        image = entry.image
        total.update(json_bytes([image.filename, image.split, image.label, image.attribute, entry.sha256]))
    return total.hexdigest()


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


@dataclass(frozen=True)
class _Making:
    """A data set that is being made, in a hidden folder that is then renamed."""

    source: Source
    directory: Path
    name: str
    digest: str
    columns: Sequence[Column]
    key_secret: bytes

    def run(self, hashed: Sequence[HashedImage], progress: Progress) -> None:
        candidates, duplicates = without_duplicates(hashed)
        keys = [image_key(self.key_secret, self.digest, entry.image.filename) for entry in candidates]
        staging = staging_folder(self.directory)
        partial = Partial(staging, self.columns, candidates, keys)
        partial.embed(progress)
        left_out = sorted([*duplicates, *partial.left_out])
        if not partial.kept:
            first = f"{left_out[0].filename}: {left_out[0].reason}, {left_out[0].detail}"
            raise BadSource(self.source.root, f"none of the {len(hashed)} listed images can be used; {first}")
        partial.finish()
        rows = [candidates[index] for index in partial.kept]
        self._write(staging, rows, [keys[index] for index in partial.kept], left_out)
        publish(staging, self.directory)

    def _write(self, folder: Path, rows: Sequence[HashedImage], keys: Sequence[str], left_out: list[LeftOut]) -> None:
        """Write everything but embeddings and thumbnails, the manifest last."""
        labels = np.array([entry.image.label for entry in rows], np.int32)
        splits = np.array([entry.image.split for entry in rows], np.int8)
        grouped = bool(self.source.attribute_names)
        attributes = np.array([entry.image.attribute for entry in rows], np.int32) if grouped else None
        contents = {
            files.LABELS: _npy(labels),
            files.SPLITS: _npy(splits),
            files.IMAGE_KEYS: _npy(np.array(keys, "S24")),
            files.FILENAMES: json_bytes([entry.image.filename for entry in rows]),
            files.REPORT: report_csv(left_out),
        }
        if attributes is not None:
            contents[files.ATTRIBUTES] = _npy(attributes)
        for name, data in contents.items():
            write_file(folder / name, data)
        manifest = files.Manifest(
            format=files.FORMAT,
            name=self.name,
            digest=self.digest,
            source_format=self.source.format,
            class_names=self.source.class_names,
            attribute_names=self.source.attribute_names,
            n_rows=len(rows),
            arrays=self._arrays(folder),
            encoders={column.name: dict(column.origin) for column in self.columns if column.is_encoded},
            split_counts={split.word: int(np.sum(splits == split)) for split in files.Split},
            group_counts=files.counts_by_split(
                labels, splits, attributes, len(self.source.class_names), len(self.source.attribute_names)
            ),
            report=_summary(len(rows), left_out),
            files={name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
            thumbnails_sha256=files.thumbnails_sha256(folder, [key.encode("ascii") for key in keys]),
        )
        write_file(folder / files.MANIFEST, manifest.to_json().encode("ascii"))

    def _arrays(self, folder: Path) -> dict[str, files.ArrayEntry]:
        """Describe the arrays by name; `features` is the file of `similarity` if there is no other."""
        arrays = {
            column.name: files.ArrayEntry(
                file=column.file,
                dim=column.dim,
                sha256=files.file_sha256(folder / column.file),
                encoder=column.name if column.is_encoded else None,
                supplied=None if column.is_encoded else dict(column.origin),
            )
            for column in self.columns
        }
        return {"features": arrays["similarity"], **arrays}


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
