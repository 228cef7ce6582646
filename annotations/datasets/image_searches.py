"""Indexes of data sets, and searches in them: asked for by staff, answered by workers."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from annotations.base import typed_texts
from annotations.base.service_errors import NotPossible
from annotations.models import Dataset, ImageIndex, ImageSearch, JobState
from annotations.queue import jobs, worker_wakeup
from clarify_errors.arrays.embeddings.duplicate_limits import COPIES_ABOVE

MAX_WORDS_LENGTH = 200
MAX_EXAMPLES = 20  # of each side
KEPT = 50  # searches of one person

Example = tuple[int, int]  # number of the data set, which may be that of a pool; row


def request_index(dataset: Dataset, *, by: str, duplicate_threshold: float | None = None) -> None:
    """Have an index of a data set's images built, and their near-duplicates found. One under way changes nothing.

    Without a threshold the worker takes the one that follows from the images. Raises NotPossible.
    """
    if duplicate_threshold is not None and not 0 <= duplicate_threshold <= COPIES_ABOVE:  # also for NaN
        raise NotPossible(f"The similarity of near-duplicates must be between 0 and {COPIES_ABOVE}.")
    asked = ImageIndex(dataset=dataset, duplicate_threshold=duplicate_threshold, requested_by=by)
    ImageIndex.objects.bulk_create([asked], ignore_conflicts=True)
    worker_wakeup.dispatch_on_commit(worker_wakeup.BUILD_IMAGE_INDEXES)


@transaction.atomic
def request_search(
    dataset: Dataset,
    *,
    words: str,
    like: Sequence[Example],
    unlike: Sequence[Example],
    by: str,
    searched_in: Dataset | None = None,
) -> ImageSearch:
    """Store a search for a worker, in a data set or in a pool; examples are of both. Raises ServiceError."""
    words = " ".join(typed_texts.kept(words, MAX_WORDS_LENGTH).split())
    if not words and not like:
        raise NotPossible("Enter some words, or choose an image that the results should resemble.")
    if not words.isprintable():
        raise NotPossible("The words contain invisible characters. Enter plain words.")
    if max(len(like), len(unlike)) > MAX_EXAMPLES:
        raise NotPossible(f"Choose at most {MAX_EXAMPLES} images of each kind.")
    n_rows = {each.pk: each.files.n_rows for each in (dataset, *searchable_pools(dataset))}
    if any(not 0 <= row < n_rows.get(number, 0) for number, row in (*like, *unlike)):
        raise NotPossible("One of the images is neither in this data set nor in one of its pools. Choose again.")
    if ImageIndex.objects.usable(searched_in or dataset) is None:
        raise NotPossible("This data set has no index yet. Build the index first.")
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


def searchable_pools(dataset: Dataset) -> list[Dataset]:
    """Return the pools that can be searched by examples of a data set, and whose images can be examples for it."""
    indexed = Dataset.objects.filter(pool__isnull=False, image_indexes__state=JobState.DONE).exclude(pk=dataset.pk)
    return list(indexed.filter(similarity_encoder=dataset.similarity_encoder).distinct())


def store_index(job: ImageIndex, **found: Any) -> None:
    """Store what a worker built in the place of every earlier index of the data set. Raises JobLost."""
    with transaction.atomic():
        jobs.finish(job, phase="", **found)
        ImageIndex.objects.filter(dataset=job.dataset_id, pk__lt=job.pk).delete()
