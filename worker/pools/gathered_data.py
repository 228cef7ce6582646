"""The data set of a parent's images and of those that were kept: only train grows."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import repeat, starmap
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.datasets.dataset_registration import register_dataset
from annotations.models import Dataset, GatheredTraining, Gathering, Pool
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.datasets.dataset_files import (
    DATASET_NAME,
    Split,
    dataset_directory,
    open_dataset,
    thumbnail_name,
)
from clarify_errors.arrays.datasets.importing.listed_images import ListedImage, ListedImages
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.row_files import Array, Described, assemble, in_blocks, rows_of
from clarify_errors.arrays.datasets.importing.storage import json_bytes
from worker.common import process_cache
from worker.datasets.dataset_import import thumbnail_key_secret
from worker.datasets.shown_images import read_original

SUFFIX = "-gathered"
UNKNOWN = "not known"  # attribute of gathered images
_BATCH = 64

Kept = Sequence[Sequence[int]]  # pool row, label, number of reviewers


class CannotGrow(ModelingError):
    """The data set cannot be made; the message says why."""


def gathered_dataset(training: GatheredTraining) -> Dataset:
    """Make and register the data set of a training, `NAME-gathered`. Raises CannotGrow, BadDataset, StorageFailed."""
    gathering = training.gathering
    parent, pool = gathering.base_model.dataset, gathering.pool
    assert pool is not None and pool.dataset is not None, "a training is asked for once there are candidates"
    name = f"{parent.name}{SUFFIX}"
    if not DATASET_NAME.fullmatch(name):
        raise CannotGrow(f"{name} is too long to name a data set: import {parent.name} under a shorter name")
    kept = training.kept["candidate"]
    files, images, n = parent.files, pool.dataset.files, parent.files.n_rows
    source, digest = _source(parent, pool, kept), _digest(parent, pool.dataset, kept)
    rows = rows_of(source, thumbnail_key_secret(), digest)

    def place(folder: Path) -> None:
        for image, key in zip(source.images.select(), rows.keys.tolist(), strict=True):
            if image.pictured:
                of, row = (files, image.place) if image.place < n else (images, kept[image.place - n][0])
                to = folder / thumbnail_name(key.decode())
                to.parent.mkdir(parents=True, exist_ok=True)
                os.link(of.image_path(of.image_keys[row].decode()), to)

    directory = dataset_directory(settings.DATA_ROOT, name, digest)
    described = Described(name, digest, source.format, source.class_names, source.attribute_names)
    arrays = _arrays(gathering, kept, source.images.column("place", np.int64))
    return register_dataset(assemble(directory, described, rows, arrays, place))[0]


def _source(parent: Dataset, pool: Pool, kept: Kept) -> Source:
    """The parent's images and, after them, those that were kept, with where each comes from and who looked at it."""
    assert pool.dataset is not None, "the caller has looked"
    old, new, images = parent.files, pool.dataset.files, ListedImages()
    groups = () if old.attributes is None else (*parent.attribute_names, UNKNOWN)
    of_parent = zip(
        old.filenames,
        map(Split, old.splits.tolist()),
        old.labels.tolist(),
        repeat(None) if old.attributes is None else old.attributes.tolist(),
        range(old.n_rows),
        repeat({}),
        old.pictured.tolist(),
        strict=False,
    )
    for image in starmap(ListedImage, of_parent):
        images.add(image)
    group = len(groups) - 1 if groups else None
    for place, (row, label, reviewers) in enumerate(kept, old.n_rows):
        file = new.filenames[row]
        note = {**new.notes[row], "pool": pool.name, "file": file, "reviewers": reviewers}
        if images.add(ListedImage(f"gathered/{pool.name}/{file}", Split.TRAIN, label, group, place, note)):
            raise CannotGrow(f"{parent} already has the image {file} of {pool.name}")
    names = tuple(parent.class_names), tuple(groups)
    return Source(f"gathered for {parent} from {pool.name}", old.directory, images, *names)


def features_of(gathering: Gathering, kept: Kept, array: str) -> NDArray[np.float32]:
    """Embeddings of kept images as the parent's array has them, float32[m, d].

    Copied where the pool has them, computed by the parent's feature encoder otherwise. Raises CannotGrow,
    EncoderUnavailable, ImageRejected.
    """
    pool, parent = gathering.pool, gathering.base_model.dataset
    assert pool is not None and pool.dataset is not None, "the caller has looked"
    manifest, images = parent.files.manifest, pool.dataset.files
    picked = [row for row, _, _ in kept]
    if array == "similarity" or manifest.arrays[array] == manifest.arrays["similarity"]:
        return np.ascontiguousarray(images.array("similarity")[picked])
    if manifest.encoder_of(array) is None:
        raise CannotGrow(f"The features of {parent} came in a file, so gathered images have none")
    return _encoded(parent.feature_encoder, pool, images.directory, tuple(picked))


@lru_cache(maxsize=1)  # a training needs those of its candidates for the data set, and again for its heads
def _encoded(spec: str, pool: Pool, directory: Path, rows: tuple[int, ...]) -> NDArray[np.float32]:
    encoder, images = process_cache.encoder(spec), open_dataset(directory)
    blocks = [
        encoder.encode_images([read_original(pool, images, row) for row in rows[start : start + _BATCH]])
        for start in range(0, len(rows), _BATCH)
    ]
    found = np.concatenate([np.empty((0, encoder.dim), np.float32), *blocks])
    found.flags.writeable = False
    return found


def _arrays(gathering: Gathering, kept: Kept, order: NDArray[np.int64]) -> Mapping[str, Array]:
    files = gathering.base_model.dataset.files
    made, manifest = {}, files.manifest
    for name, entry in manifest.arrays.items():
        if name == "similarity" or entry != manifest.arrays["similarity"]:
            old, new = files.array(name), features_of(gathering, kept, name)
            made[name] = (_in_order(old, new, order), entry.dim, manifest.encoder_of(name))
    return made


def _in_order(
    old: NDArray[np.float32], new: NDArray[np.float32], order: NDArray[np.int64]
) -> Iterator[NDArray[np.float32]]:
    """Yield rows of two arrays as if the second one's came after those of the first, in blocks."""
    for some in in_blocks(len(order), old.shape[1]):
        wanted, block = order[some], np.empty((some.stop - some.start, old.shape[1]), np.float32)
        is_old = wanted < len(old)
        block[is_old], block[~is_old] = old[wanted[is_old]], new[wanted[~is_old] - len(old)]
        yield block


def _digest(parent: Dataset, pool: Dataset, kept: Kept) -> str:
    names = pool.files.filenames
    gathered = [[names[row], label, n_reviewers] for row, label, n_reviewers in kept]
    return sha256(json_bytes({"parent": parent.digest, "pool": pool.digest, "gathered": gathered})).hexdigest()
