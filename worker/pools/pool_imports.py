"""Imports of pools, asked for by command or in the admin."""

import os
import shutil
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np
from django.conf import settings

from annotations.datasets.dataset_registration import register_dataset
from annotations.models import Dataset, Pool
from annotations.pools import pool_requests
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.datasets.dataset_files import POOL, THUMBNAILS, Split, dataset_directory, open_dataset
from clarify_errors.arrays.datasets.importing.archives import unpack_shards
from clarify_errors.arrays.datasets.importing.embedding_arrays import ImageEncoder, array_encoders
from clarify_errors.arrays.datasets.importing.import_errors import ImportRefused
from clarify_errors.arrays.datasets.importing.importer import import_images
from clarify_errors.arrays.datasets.importing.listed_images import SCATTERED, ListedImages
from clarify_errors.arrays.datasets.importing.listings import Source
from clarify_errors.arrays.datasets.importing.row_files import Described, Rows, assemble, in_blocks, rows_of
from clarify_errors.arrays.datasets.importing.storage import json_bytes
from clarify_errors.arrays.pools.pool_sources import CLASS, NOTED, read_pool, unlabelled
from clarify_errors.tensors.encoders import load_encoder
from worker.datasets.dataset_import import embedding_by, thumbnail_key_secret
from worker.datasets.embedding_folders import is_embedding_folder, open_embeddings
from worker.datasets.index_builds import ARRAY, INDEXES
from worker.datasets.shown_images import originals_of, unpacked_shards
from worker.queue.due_jobs import progress_of, work_on_due

MOST_LOOKED_FOR = 1000  # images that may be at hand, to check the encoder with


def import_due_pools() -> int:
    """Import every pool that is due; return how many ended. Raises OperationalError."""
    return work_on_due(Pool, lambda pool: import_images_of(pool, progress_of(pool)))


def import_images_of(pool: Pool, tell: Progress) -> Dataset:
    """Import the images of a pool that is held, or those that are new, and have their index built.

    Raises ImportRefused, EncoderUnavailable, BadEmbedding, BadDataset, NotPossible, JobLost.
    """
    before = pool.dataset
    directory = _images_beside(pool, frozenset(before.files.filenames if before else ()), tell)
    if before is None:
        assert directory is not None, "a folder without images is refused"
        dataset, _ = register_dataset(directory)
    elif directory is None:
        dataset = before
    else:
        dataset, _ = register_dataset(_grown(before, directory))
        if not Dataset.objects.filter(name=pool.name, digest=directory.name).exists():
            shutil.rmtree(directory)
    pool_requests.store_images(pool, dataset)
    return dataset


def _images_beside(pool: Pool, known: frozenset[str], tell: Progress) -> Path | None:
    """The directory of a pool's images without those whose names are known; None where there are no others."""
    folder = Path(pool.folder)
    if is_embedding_folder(folder):
        return _of_embeddings(pool, folder, known, load_encoder(pool.encoder))
    if any(folder.glob("*.tar")):
        unpacked_shards(pool).mkdir(parents=True, exist_ok=True)
        unpack_shards(folder, unpacked_shards(pool), tell)
    source = read_pool(originals_of(pool), known)
    if not len(source.images):
        return None
    return import_images(
        source,
        settings.DATA_ROOT,
        pool.name,
        encoders=array_encoders(load_encoder(pool.encoder)),
        key_secret=thumbnail_key_secret(),
        n_processes=settings.IMPORT_PROCESSES,
        embed=embedding_by(settings.IMPORT_ENGINE),
        progress=tell,
    )


def _grown(dataset: Dataset, directory: Path) -> Path:
    """The directory of a pool's images and, after them, new ones: rows, keys and the index of those before stay."""
    old, new = dataset.files, open_dataset(directory)
    encoder = old.manifest.encoder_of(ARRAY)
    if new.manifest.encoder_of(ARRAY) != encoder:
        raise ImportRefused("The encoder is another one than at the first import: import the folder under another name")
    arrays = old.array(ARRAY), new.array(ARRAY)
    blocks = (rows[some] for rows in arrays for some in in_blocks(*rows.shape))

    def link(folder: Path) -> None:
        for name in (THUMBNAILS, INDEXES):
            if (old.directory / name).exists():
                hidden = shutil.ignore_patterns(".*", "*.partial")
                shutil.copytree(old.directory / name, folder / name, copy_function=os.link, ignore=hidden)

    digest = sha256(json_bytes({"of": dataset.digest, "added": new.manifest.digest})).hexdigest()
    n = old.n_rows + new.n_rows
    rows = Rows(
        filenames=(*old.filenames, *new.filenames),
        labels=np.zeros(n, np.int32),
        splits=np.full(n, Split.TRAIN, np.int8),
        attributes=None,
        keys=np.concatenate([old.image_keys, new.image_keys]),
        notes=(*old.notes, *new.notes),
    )
    directory = dataset_directory(settings.DATA_ROOT, dataset.name, digest)
    described = Described(dataset.name, digest, POOL, (CLASS,))
    return assemble(directory, described, rows, {ARRAY: (blocks, arrays[0].shape[1], encoder)}, link)


def _of_embeddings(pool: Pool, folder: Path, known: frozenset[str], encoder: ImageEncoder) -> Path | None:
    found = open_embeddings(folder)
    found.require_encoder(encoder)  # before all is read
    images = ListedImages()
    for place, (name, line) in enumerate(found.lines(NOTED)):
        if name not in known:
            images.add(unlabelled(name, line, place))  # the first of a name
    if not len(images):
        return None
    root = folder.resolve()
    looked_for = islice(images.select(order=SCATTERED), MOST_LOOKED_FOR)
    paths = ((image.place, root / image.filename) for image in looked_for)
    found.require_encoder(encoder, some=((row, path) for row, path in paths if path.resolve().is_relative_to(root)))
    digest = sha256(json_bytes({"embeddings": found.sha256, "encoder": dict(encoder.description)})).hexdigest()
    return assemble(
        dataset_directory(settings.DATA_ROOT, pool.name, digest),
        Described(pool.name, digest, POOL, (CLASS,)),
        rows_of(Source(POOL, folder, images, (CLASS,)), thumbnail_key_secret(), digest),
        {ARRAY: (found.in_order(images.column("place", np.int64)), found.dim(), encoder.description)},
    )
