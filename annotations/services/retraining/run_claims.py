"""Who trains a run: a worker claims it for the time of a lease, and renews that from the steps of its solver (0051)."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotations.models import Run, RunState
from annotations.services.queue.claims import MAX_ATTEMPTS, claim, exhausted
from annotations.services.retraining import runs
from annotations.services.retraining.runs import TrainingBatch

LEASE = dt.timedelta(seconds=60)  # longer than reading a large data set, in which there are no steps
_STOPPED_WORKER = f"its worker stopped {MAX_ATTEMPTS} times while it trained this run"


class LeaseLost(Exception):
    """The runs are erased, or have another worker: break off, and write nothing more."""


def due_batches() -> list[TrainingBatch]:
    """Return the batches that have runs to train, those of a data set one after the other."""
    return runs.batches_of(_due())


def claim_runs(batch: TrainingBatch, *, limit: int, tried: Collection[int] = ()) -> list[int]:
    """Take up due runs of a batch, oldest first, for the time of a LEASE; returns their ids (see `claims.claim`)."""
    due = _due().filter(base_model__dataset=batch.dataset, l2=batch.l2)
    return claim(due, limit=limit, tried=tried, lease=LEASE)


def claimed_runs(ids: Collection[int]) -> list[Run]:
    """Return those of the runs that still have no result, oldest first."""
    due = _pending().filter(pk__in=ids)
    due = due.select_related("base_model__dataset", "assignment__session__study", "assignment__session__participant")
    return list(due.defer("base_model__head", "base_model__predictions"))  # large, and the same in each row


def renew_lease(claimed: Collection[Run]) -> None:
    """Hold claimed runs for another LEASE. Raises LeaseLost where none of them is there and still this worker's."""
    attempts = {run.attempts for run in claimed}  # whoever claims a run adds one
    held = _pending().filter(pk__in=[run.pk for run in claimed], attempts__in=attempts)
    if not held.update(leased_until=timezone.now() + LEASE):
        raise LeaseLost


def fail_run(run_id: int, reason: str, *, final: bool) -> None:
    """Note that an attempt failed; the run itself fails when that is final, or at the last attempt."""
    for run in claimed_runs([run_id]):
        if final or run.attempts >= MAX_ATTEMPTS:
            runs.fail(run, reason)
        else:
            _pending().filter(pk=run_id).update(reason=reason, leased_until=None)


def fail_exhausted_runs() -> int:
    """Fail the runs that stopped their worker at every attempt; returns how many."""
    with transaction.atomic():
        stuck = list(exhausted(_due()))
        for run in stuck:
            runs.fail(run, _STOPPED_WORKER)
    return len(stuck)


def _pending() -> QuerySet[Run]:
    return Run.objects.filter(state=RunState.PENDING).order_by("created_at", "pk")


def _due() -> QuerySet[Run]:
    return _pending().filter(Q(leased_until=None) | Q(leased_until__lt=timezone.now()))
