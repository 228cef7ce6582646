"""The data set of a parent's images and of those that were kept: only train grows."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from annotations.models import Dataset, GatheredTraining, Gathering, Pool
from annotations.services.datasets.dataset_registration import register_dataset
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.datasets.dataset_files import DATASET_NAME, Split, dataset_directory, open_dataset, thumbnail_name
from modeling.arrays.datasets.importing.row_files import Array, Described, Rows, assemble, image_key, in_blocks
from modeling.arrays.datasets.importing.storage import json_bytes
from modeling.arrays.pools.candidate_selection import merged_order
from worker.common import process_cache
from worker.datasets.dataset_import import thumbnail_key_secret
from worker.similarity_search.shown_images import read_original

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
    files, images = parent.files, pool.dataset.files
    new_names = [f"gathered/{pool.name}/{images.filenames[row]}" for row, _, _ in kept]
    n = files.n_rows
    labels = np.concatenate([files.labels, np.array([label for _, label, _ in kept], np.int32)])
    splits = np.concatenate([files.splits, np.full(len(kept), Split.TRAIN, np.int8)])
    names = [*files.filenames, *new_names]
    order = merged_order(labels, splits, names)
    names = [names[i] for i in order]
    digest = _digest(parent, pool.dataset, kept)
    secret = thumbnail_key_secret()
    keys = [image_key(secret, digest, each) for each in names]
    attributes = None
    if files.attributes is not None:
        unknown = np.full(len(kept), len(files.attribute_names), np.int32)
        attributes = np.concatenate([files.attributes, unknown])[order]
    notes = _notes(gathering, kept, order, n)
    pictured = np.concatenate([files.pictured, np.ones(len(kept), np.bool_)])[order]
    rows = Rows(names, labels[order], splits[order], attributes, keys, notes, None if pictured.all() else pictured)
    sources = [files.image_keys[i].decode() if i < n else images.image_keys[kept[i - n][0]].decode() for i in order]

    def place(folder: Path) -> None:
        for i, old, new in compress(zip(order.tolist(), sources, keys, strict=True), pictured):
            to = folder / thumbnail_name(new)
            to.parent.mkdir(parents=True, exist_ok=True)
            os.link((files if i < n else images).image_path(old), to)

    groups = (*parent.attribute_names, UNKNOWN) if files.attributes is not None else ()
    described = Described(
        name, digest, f"gathered for {parent} from {pool.name}", tuple(parent.class_names), tuple(groups)
    )
    directory = dataset_directory(settings.DATA_ROOT, name, digest)
    return register_dataset(assemble(directory, described, rows, _arrays(gathering, kept, order), place))[0]


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


def _notes(gathering: Gathering, kept: Kept, order: NDArray[np.int64], n: int) -> list[dict[str, Any]]:
    """Of each gathered image where it comes from, and how many looked at it; of the parent's nothing."""
    pool = gathering.pool
    assert pool is not None and pool.dataset is not None, "the caller has looked"
    notes, names = pool.dataset.files.notes, pool.dataset.files.filenames
    of = [{**notes[row], "pool": pool.name, "file": names[row], "reviewers": reviewers} for row, _, reviewers in kept]
    return [of[i - n] if i >= n else {} for i in order.tolist()]
