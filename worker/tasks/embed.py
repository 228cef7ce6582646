"""The queue `embed`: data sets that come in, searches in them, and releases that go out."""

from annotations.queue import worker_wakeup
from worker.datasets.imports import run_due_imports
from worker.datasets.index_builds import answer_due_searches, build_due_indexes
from worker.datasets.shared_imports import help_with_shards
from worker.pools.candidates import find_due_candidates
from worker.pools.gathered_training import train_due_gathered
from worker.pools.pool_imports import import_due_pools
from worker.releases.release_building import build_due_releases
from worker.tasks import task

import_datasets = task(worker_wakeup.IMPORT_DATASETS, (run_due_imports, "imports ended"))
embed_shards = task(worker_wakeup.EMBED_SHARDS, (help_with_shards, "shards of imports embedded"))
build_releases = task(worker_wakeup.BUILD_RELEASES, (build_due_releases, "releases ended"))
build_image_indexes = task(worker_wakeup.BUILD_IMAGE_INDEXES, (build_due_indexes, "indexes built"))
search_images = task(worker_wakeup.SEARCH_IMAGES, (answer_due_searches, "searches answered"))
gather_images = task(
    worker_wakeup.GATHER_IMAGES,
    (import_due_pools, "pools imported"),
    (find_due_candidates, "gatherings answered"),
    (train_due_gathered, "trainings with gathered images ended"),
)
