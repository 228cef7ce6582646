"""Bringing in a pool from the admin: a folder below IMPORT_ROOT."""

from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from annotations.models import Dataset, Pool
from annotations.services.common.service_errors import ServiceError
from annotations.services.datasets import imports
from annotations.services.logs import audit
from annotations.services.queue import jobs, worker_wakeup


class PoolNotPossible(ServiceError, status=400):
    """What was asked for cannot be a pool; `message` says why. Nothing was stored."""


@transaction.atomic
def request_pool(name: str, folder: str, encoder: str, *, by: str) -> Pool:
    """Ask the workers for the import of a folder below IMPORT_ROOT. Raises PoolNotPossible, ImportNotPossible."""
    if encoder not in imports.known_encoders():
        raise PoolNotPossible("This site does not offer this encoder yet. An operator can import with it by command.")
    pool = new_pool(name, imports.folder_of(folder), encoder, by=by)
    worker_wakeup.dispatch_on_commit(worker_wakeup.GATHER_IMAGES)
    return pool


def new_pool(name: str, folder: Path, encoder: str, *, by: str) -> Pool:
    """Store a pool whose images are still to be imported. Raises PoolNotPossible."""
    pool = Pool(name=name, folder=str(folder.resolve()), encoder=encoder, requested_by=by)
    try:
        validate_slug(name)
    except ValidationError as error:
        raise PoolNotPossible("The name of a pool may contain only letters, digits, _ and -.") from error
    if Dataset.objects.filter(name=name, pool=None).exists():
        raise PoolNotPossible(f"A data set is called {name} already. Choose another name for the pool.")
    pool.save()
    audit.record("pool_requested", study=None, by=by, subject=name)
    return pool


def store_images(pool: Pool, dataset: Dataset) -> None:
    """Finish a pool that is held; the images of an earlier import are this pool's. Raises JobLost."""
    with transaction.atomic():
        earlier = Pool.objects.filter(dataset=dataset).exclude(pk=pool.pk).first()
        if earlier is not None:
            raise PoolNotPossible(f"These images are imported already, as {earlier}.")
        jobs.finish(pool, phase="", dataset=dataset)
