"""Import of a folder's listing into a data set directory (docs/engineers/datasets.md)."""

import hashlib
import shutil
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.progress import Progress, silent
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets import dataset_files as files
from clarify_errors.arrays.datasets.importing.embedding_arrays import Encoders
from clarify_errors.arrays.datasets.importing.import_errors import BadSource
from clarify_errors.arrays.datasets.importing.listed_images import KEPT
from clarify_errors.arrays.datasets.importing.listing_checks import hash_images, leave_out_duplicates
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.row_files import Described, image_key, rows_of, write_dataset
from clarify_errors.arrays.datasets.importing.shards import Embed, Plan, embed_alone, make_plan, shards_folder
from clarify_errors.arrays.datasets.importing.storage import json_bytes, only_import, publish, staging_folder

IMAGES_A_PROCESS = 16  # for fewer no further one is started, which takes as long as decoding some dozen images


def import_images(
    source: Source,
    data_root: Path,
    name: str,
    *,
    encoders: Encoders,
    key_secret: bytes,
    n_processes: int = 1,
    embed: Embed = embed_alone,
    progress: Progress = silent,
) -> Path:
    """Make the data set directory `data_root/datasets/<name>/<digest>`.

    Parameters
    ----------
    source : Source
    data_root : pathlib.Path
    name : str
        1 to 60 letters, digits, _ or -; the first is a letter or digit.
    encoders : mapping of str to ImageEncoder
        From `array_encoders`.
    key_secret : bytes
        Keys the opaque names of the thumbnails; not empty.
    n_processes : int, default 1
        How many processes decode beside the encoder; the result is the same to the byte.
    embed : callable, optional
        Has all shards of a plan embedded, by whomever. Default: here, one after the other.
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
    The digest covers images, labels, splits, groups, names and encoders. An interrupted import continues with the
    shards that are not done; the result is identical to the byte.
    """
    if not key_secret:
        raise ValueError("an empty key_secret would let anybody guess the names of thumbnails")
    files.dataset_directory(data_root, name, "")  # rejects an invalid name before reading images
    hash_images(source, progress, n_processes)
    digest = source_digest(source, encoders)
    directory = files.dataset_directory(data_root, name, digest)
    with only_import(directory.parent):
        if directory.exists():
            files.open_dataset(directory)
        else:
            leave_out_duplicates(source)
            plan = make_plan(directory, source, partial(image_key, key_secret, digest), encoders)
            embed(plan, encoders, min(n_processes, 1 + plan.count // IMAGES_A_PROCESS), progress)
            described = Described(name, digest, source.format, source.class_names, source.attribute_names)
            _merge(plan, source, key_secret, described, encoders)
            publish(staging_folder(directory), directory)
        shutil.rmtree(shards_folder(directory), ignore_errors=True)
    return directory


def source_digest(source: Source, encoders: Encoders) -> str:
    """Compute the digest of everything that determines a data set.

    The data set's name and the names of its thumbnails are not included.

    Parameters
    ----------
    source : Source
        Whose images are hashed.
    encoders : mapping of str to ImageEncoder

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
        "arrays": {name: dict(each.description) for name, each in encoders.items()},
    }
    total.update(json_bytes(head))
    for image in source.images:
        total.update(json_bytes([image.filename, image.split, image.label, image.attribute, image.sha256]))
        if image.note is not None:
            total.update(json_bytes(image.note))
    return total.hexdigest()


def _merge(plan: Plan, source: Source, key_secret: bytes, described: Described, encoders: Encoders) -> None:
    """Make the data set of what was made of its shards, in a hidden folder."""
    images, candidates = source.images, source.images.select()
    devices: set[str] = set()
    for shard in plan.shards:
        rejected, some = shard.rejected(), list(islice(candidates, shard.count))
        images.leave_out(some[place].left_out(*why) for place, why in rejected.items())
        devices.update(shard.devices())
    if not images.count(KEPT):
        line = next(images.left_out())
        why = f"{line.filename}: {line.reason}, {line.detail}"
        raise BadSource(source.root, f"none of the {len(images)} listed images can be used; {why}")
    arrays = {name: (_made(plan, name), each.dim, each.description) for name, each in encoders.items()}
    embedded = {"batch_images": plan.batch_images} | ({"devices": sorted(devices)} if devices else {})
    rows = rows_of(source, key_secret, described.digest)
    write_dataset(staging_folder(plan.directory), described, rows, arrays, images.left_out(), embedded=embedded)


def _made(plan: Plan, array: str) -> Iterator[NDArray[np.float32]]:
    """Yield an array's rows, shard by shard."""
    for shard in plan.shards:
        yield shard.rows(array)
        step_done()
