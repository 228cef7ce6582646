"""Indexes of data sets, and searches in them: asked for by staff, answered by workers."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from annotations.models import Dataset, ImageIndex, ImageSearch
from annotations.services.common.service_errors import ServiceError
from annotations.services.queue import jobs, worker_wakeup

MAX_WORDS_LENGTH = 200
MAX_EXAMPLES = 20  # of each side
KEPT = 50  # searches of one person


class SearchNotPossible(ServiceError, status=400):
    """What was asked for cannot be searched; `message` says why. Nothing was stored."""


def request_index(dataset: Dataset, *, duplicate_threshold: float, by: str) -> None:
    """Have an index of a data set's images built, and their near-duplicates found. One under way changes nothing."""
    if not 0 <= duplicate_threshold <= 1:  # also for NaN
        raise SearchNotPossible("The similarity of near-duplicates must be between 0 and 1.")
    asked = ImageIndex(dataset=dataset, duplicate_threshold=duplicate_threshold, requested_by=by)
    ImageIndex.objects.bulk_create([asked], ignore_conflicts=True)
    worker_wakeup.dispatch_on_commit(worker_wakeup.BUILD_IMAGE_INDEXES)


@transaction.atomic
def request_search(
    dataset: Dataset,
    *,
    words: str,
    like: Sequence[int],
    unlike: Sequence[int],
    by: str,
    searched_in: Dataset | None = None,
) -> ImageSearch:
    """Store a search for a worker, in the data set of the examples or in a pool. Raises SearchNotPossible."""
    words = " ".join(words.split())
    if not words and not like:
        raise SearchNotPossible("Write some words, or choose an image that the results shall be like.")
    if len(words) > MAX_WORDS_LENGTH or not words.isprintable():
        raise SearchNotPossible("The words are too long, or have characters that cannot be shown.")
    if max(len(like), len(unlike)) > MAX_EXAMPLES:
        raise SearchNotPossible(f"Choose at most {MAX_EXAMPLES} images of each kind.")
    if any(not 0 <= row < dataset.files.n_rows for row in (*like, *unlike)):
        raise SearchNotPossible("One of the images is not in this data set.")
    if ImageIndex.objects.usable(searched_in or dataset) is None:
        raise SearchNotPossible("This data set has no index yet.")
    search = ImageSearch.objects.create(
        dataset=dataset,
        searched_in=searched_in,
        words=words,
        like=list(like),
        unlike=list(unlike),
        requested_by=by,
    )
    kept = ImageSearch.objects.filter(requested_by=by).order_by("-pk")[:KEPT].values("pk")
    ImageSearch.objects.filter(requested_by=by).exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    worker_wakeup.dispatch_on_commit(worker_wakeup.SEARCH_IMAGES)
    return search


def store_index(job: ImageIndex, **found: Any) -> None:
    """Store what a worker built in the place of every earlier index of the data set. Raises JobLost."""
    with transaction.atomic():
        jobs.finish(job, phase="", **found)
        ImageIndex.objects.filter(dataset=job.dataset_id, pk__lt=job.pk).delete()
