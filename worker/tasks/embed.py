"""The queue `embed`: data sets that come in, searches in them, and releases that go out."""

from annotations.services.queue import worker_wakeup
from clarify_site.celery import app
from worker.datasets.imports import run_due_imports
from worker.datasets.shared_imports import help_with_shards
from worker.pools.candidates import find_due_candidates
from worker.pools.gathered_training import train_due_gathered
from worker.pools.pool_imports import import_due_pools
from worker.queue.drain import sweep
from worker.releases.release_building import build_due_releases
from worker.similarity_search.index_builds import build_due_indexes
from worker.similarity_search.searches import answer_due_searches


@app.task(name=worker_wakeup.IMPORT_DATASETS)
def import_datasets() -> None:
    """Import every data set that was asked for in the admin."""
    sweep(run_due_imports, "imports ended")


@app.task(name=worker_wakeup.EMBED_SHARDS)
def embed_shards() -> None:
    """Embed shards of an import that another worker is at, for a while."""
    sweep(help_with_shards, "shards of imports embedded")


@app.task(name=worker_wakeup.BUILD_RELEASES)
def build_releases() -> None:
    """Build every release that was asked for."""
    sweep(build_due_releases, "releases ended")


@app.task(name=worker_wakeup.BUILD_IMAGE_INDEXES)
def build_image_indexes() -> None:
    """Build every index of images that was asked for."""
    sweep(build_due_indexes, "indexes built")


@app.task(name=worker_wakeup.SEARCH_IMAGES)
def search_images() -> None:
    """Answer every due search for images."""
    sweep(answer_due_searches, "searches answered")


@app.task(name=worker_wakeup.GATHER_IMAGES)
def gather_images() -> None:
    """Import every due pool, find the candidates of every due gathering, and train with what was kept."""
    sweep(import_due_pools, "pools imported")
    sweep(find_due_candidates, "gatherings answered")
    sweep(train_due_gathered, "trainings with gathered images ended")
