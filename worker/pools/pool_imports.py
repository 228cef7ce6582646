"""Imports of pools, asked for by command or in the admin."""

from hashlib import sha256
from pathlib import Path

import numpy as np
from django.conf import settings

from annotations.models import Dataset, Pool
from annotations.services import image_searches
from annotations.services.datasets.dataset_registration import register_dataset
from annotations.services.pools import pool_requests
from modeling.arrays.common.progress import Progress
from modeling.arrays.datasets.dataset_files import POOL, Split, dataset_directory
from modeling.arrays.datasets.importing.archives import unpack_shards
from modeling.arrays.datasets.importing.embedding_arrays import DescribedEncoder, Embeddings
from modeling.arrays.datasets.importing.import_errors import ImportRefused
from modeling.arrays.datasets.importing.importer import import_images
from modeling.arrays.datasets.importing.row_files import Described, Rows, image_key
from modeling.arrays.datasets.importing.storage import json_bytes
from modeling.arrays.pools.assembled_directories import assemble
from modeling.arrays.pools.pool_sources import CLASS, read_pool
from modeling.tensors.encoders import describe, load_encoder
from worker.datasets.dataset_import import thumbnail_key_secret
from worker.datasets.image_batches import SteadyBatches
from worker.pools.embedding_folders import is_embedding_folder, read_embeddings
from worker.queue.due_jobs import work_on_due
from worker.queue.job_heartbeat import progress_of
from worker.similarity_search.shown_images import originals_of, unpacked_shards


def import_due_pools() -> int:
    """Import every pool that is due; return how many ended. Raises OperationalError."""
    return work_on_due(Pool, lambda pool: import_images_of(pool, progress_of(pool)))


def import_images_of(pool: Pool, tell: Progress) -> Dataset:
    """Import the images of a pool that is held, and have their index built.

    Raises ImportRefused, EncoderUnavailable, BadEmbedding, BadDataset, PoolNotPossible, JobLost.
    """
    folder = Path(pool.folder)
    described = DescribedEncoder(SteadyBatches(encoder := load_encoder(pool.encoder)), describe(encoder, pool.encoder))
    if is_embedding_folder(folder):
        directory = _of_embeddings(pool, described)
    else:
        if any(folder.glob("*.tar")):
            unpacked_shards(pool).mkdir(parents=True, exist_ok=True)
            unpack_shards(folder, unpacked_shards(pool), tell)
        source, notes = read_pool(originals_of(pool))
        directory = import_images(
            source,
            settings.DATA_ROOT,
            pool.name,
            embeddings=Embeddings(described),
            key_secret=thumbnail_key_secret(),
            notes=notes,
            progress=tell,
        )
    dataset, _ = register_dataset(directory)
    pool_requests.store_images(pool, dataset)
    image_searches.request_index(dataset, duplicate_threshold=0.98, by=pool.requested_by)
    return dataset


def _of_embeddings(pool: Pool, described: DescribedEncoder) -> Path:
    found = read_embeddings(Path(pool.folder))
    dim = found.rows.shape[1]
    if dim != described.encoder.dim:
        raise ImportRefused(
            f"The embeddings have {dim} dimensions, but {pool.encoder} makes {described.encoder.dim}: name theirs"
        )
    digest = sha256(json_bytes({"embeddings": found.sha256, "encoder": dict(described.description)})).hexdigest()
    n, secret = len(found.names), thumbnail_key_secret()
    rows = Rows(
        filenames=found.names,
        labels=np.zeros(n, np.int32),
        splits=np.full(n, Split.TRAIN, np.int8),
        attributes=None,
        keys=[image_key(secret, digest, name) for name in found.names],
        notes=found.notes,
    )
    directory = dataset_directory(settings.DATA_ROOT, pool.name, digest)
    manifest = Described(pool.name, digest, POOL, (CLASS,), (), {}, {})
    return assemble(
        directory, manifest, rows, {"similarity": (lambda some: found.rows[some], dim, described.description)}
    )
