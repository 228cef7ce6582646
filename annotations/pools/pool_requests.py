"""Bringing in a pool from the admin: a folder below IMPORT_ROOT."""

from collections.abc import Collection
from pathlib import Path

from django.core.validators import validate_slug
from django.db import transaction
from django.utils import timezone

from annotations.base.service_errors import NotPossible, only_valid
from annotations.datasets import dataset_changes as library
from annotations.datasets import image_searches
from annotations.datasets import import_requests as imports
from annotations.log import audit
from annotations.models import Dataset, GatheredTraining, JobState, Pool
from annotations.queue import jobs, worker_wakeup


@transaction.atomic
def request_pool(name: str, folder: str, encoder: str, *, by: str) -> Pool:
    """Ask the workers for the import of a folder below IMPORT_ROOT. Raises NotPossible."""
    pool = new_pool(name, imports.folder_of(folder), imports.known_encoder(encoder), by=by)
    worker_wakeup.dispatch_on_commit(worker_wakeup.GATHER_IMAGES)
    return pool


def new_pool(name: str, folder: Path, encoder: str, *, by: str) -> Pool:
    """Store a pool whose images are still to be imported. Raises NotPossible."""
    pool = Pool(name=name, folder=str(folder.resolve()), encoder=encoder, requested_by=by)
    with only_valid("The name of a pool may contain only letters, digits, _ and -."):
        validate_slug(name)
    if Dataset.objects.filter(name=name, pool=None).exists():
        raise NotPossible(f"A data set named {name} already exists. Choose another name for the pool.")
    pool.save()
    audit.record("pool_requested", pool, by=by)
    return pool


@transaction.atomic
def import_again(pool: Pool, *, by: str) -> None:
    """Have images added that are new in the pool's folder. Raises NotPossible."""
    if not jobs.retry(pool, by, ended=(JobState.DONE, JobState.FAILED)):
        raise NotPossible("The images of this pool are being imported. Wait until the import is finished.")


@transaction.atomic
def take_out(
    pool: Pool, why: str, *, by: str, names: Collection[str] = (), licence: str = ""
) -> tuple[int, list[Dataset]]:
    """Take images out of a pool for good, by their file names or all of a licence; nobody finds or sees them again.

    Returns how many, and the data sets that were made with some of them and keep these. Raises NotPossible.
    """
    locked = Pool.objects.select_for_update(of=("self",)).get(pk=pool.pk)
    if locked.dataset is None:
        raise NotPossible(f"The images of {locked} are not imported yet. Wait until the import is finished.")
    if not (why := why.strip()[:500]):
        raise NotPossible("Give the reason for removing the images.")
    files = locked.dataset.files
    row_of = {name: row for row, name in enumerate(files.filenames)}
    if unknown := next((name for name in names if name not in row_of), ""):
        raise NotPossible(f"The pool has no image “{unknown[:100]}”. Give names relative to its folder.")
    of_licence = (row for row, note in enumerate(files.notes) if licence and note.get("licence") == licence)
    rows = {*(row_of[name] for name in names), *of_licence} - locked.removed
    if not rows:
        raise NotPossible("None of these images is still in the pool.")
    if len(rows | locked.removed) == files.n_rows:
        raise NotPossible("A pool needs at least one image. Remove fewer.")
    at = timezone.now().isoformat(timespec="seconds")
    locked.removals.append({"why": why, "by": by, "at": at, "rows": sorted(rows)})
    locked.save(update_fields=["removals"])
    audit.record("pool_images_taken_out", pool, by=by, n=len(rows), why=why)
    image_searches.request_index(locked.dataset, by=by)
    trainings = GatheredTraining.objects.filter(gathering__pool=locked, dataset__isnull=False).order_by("pk")
    with_some = [each for each in trainings if any(row in rows for row, _, _ in each.kept["candidate"])]
    return len(rows), [each.dataset for each in with_some if each.dataset]


def store_images(pool: Pool, dataset: Dataset) -> None:
    """Finish a pool that is held; a version without the newest images goes. Raises JobLost, NotPossible."""
    before = pool.dataset
    with transaction.atomic():
        earlier = Pool.objects.filter(dataset=dataset).exclude(pk=pool.pk).first()
        if earlier is not None:
            raise NotPossible(f"These images are already imported as {earlier}.")
        jobs.finish(pool, phase="", dataset=dataset)
        if before != dataset:
            image_searches.request_index(dataset, by=pool.requested_by)
        if before not in (None, dataset):
            library.delete_dataset(before, by=pool.requested_by)
