"""Import of a folder's listing into a data set directory (docs/datasets.md)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from modeling.arrays.common.progress import Progress, silent
from modeling.arrays.datasets import dataset_files as files
from modeling.arrays.datasets.importing.embedding_arrays import Column, Embeddings
from modeling.arrays.datasets.importing.features import FeatureTable
from modeling.arrays.datasets.importing.import_errors import BadSource
from modeling.arrays.datasets.importing.listing_checks import HashedImage, hash_images, without_duplicates
from modeling.arrays.datasets.importing.partial import Partial, forget_record, staging_folder
from modeling.arrays.datasets.importing.row_files import Described, Rows, image_key, write_rows
from modeling.arrays.datasets.importing.sources import Source
from modeling.arrays.datasets.importing.storage import json_bytes, only_import, publish

Notes = Mapping[str, Mapping[str, Any]]  # by file name


def import_images(
    source: Source,
    data_root: Path,
    name: str,
    *,
    embeddings: Embeddings,
    key_secret: bytes,
    notes: Notes | None = None,
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
    notes : mapping of str to mapping, optional
        By file name what is known of an image, such as its licence.
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
    digest = source_digest(source, hashed, parts, notes)
    directory = files.dataset_directory(data_root, name, digest)
    with only_import(directory.parent):
        if directory.exists():
            files.open_dataset(directory)
        else:
            encoders = {column.name: dict(column.origin) for column in parts if column.is_encoded}
            described = Described(name, digest, source.format, source.class_names, source.attribute_names, {}, encoders)
            staging = staging_folder(directory)
            _make(staging, source, hashed, described, parts, key_secret, notes, progress)
            publish(staging, directory)
        forget_record(directory)
    return directory


def source_digest(
    source: Source, hashed: Sequence[HashedImage], parts: Sequence[Column], notes: Notes | None = None
) -> str:
    """Compute the digest of everything that determines a data set.

    The data set's name and the names of its thumbnails are not included.

    Parameters
    ----------
    source : Source
    hashed : sequence of HashedImage
        In row order.
    parts : sequence of Column
    notes : mapping of str to mapping, optional

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
        if notes is not None:
            total.update(json_bytes(notes[image.filename]))
    return total.hexdigest()


def _make(
    folder: Path,
    source: Source,
    hashed: Sequence[HashedImage],
    described: Described,
    columns: Sequence[Column],
    key_secret: bytes,
    notes: Notes | None,
    progress: Progress,
) -> None:
    """Make a data set in a hidden folder, which is then renamed. described: without the arrays."""
    candidates, duplicates = without_duplicates(hashed)
    keys = [image_key(key_secret, described.digest, entry.image.filename) for entry in candidates]
    partial = Partial(folder, columns, candidates, keys, has_thumbnails=source.format != files.POOL)
    partial.embed(progress)
    left_out = sorted([*duplicates, *partial.left_out])
    if not partial.kept:
        first = f"{left_out[0].filename}: {left_out[0].reason}, {left_out[0].detail}"
        raise BadSource(source.root, f"none of the {len(hashed)} listed images can be used; {first}")
    partial.finish()
    images = [candidates[index].image for index in partial.kept]
    rows = Rows(
        filenames=[image.filename for image in images],
        labels=np.array([image.label for image in images], np.int32),
        splits=np.array([image.split for image in images], np.int8),
        attributes=np.array([image.attribute for image in images], np.int32) if source.attribute_names else None,
        keys=[keys[index] for index in partial.kept],
        notes=None if notes is None else [notes[image.filename] for image in images],
    )
    write_rows(folder, replace(described, arrays=_arrays(folder, columns)), rows, left_out)


def _arrays(folder: Path, columns: Sequence[Column]) -> dict[str, files.ArrayEntry]:
    """Describe the arrays by name; `features` is the file of `similarity` if there is no other."""
    arrays = {
        column.name: files.ArrayEntry(
            file=column.file,
            dim=column.dim,
            sha256=files.file_sha256(folder / column.file),
            encoder=column.name if column.is_encoded else None,
            supplied=None if column.is_encoded else dict(column.origin),
        )
        for column in columns
    }
    return {"features": arrays["similarity"], **arrays}
