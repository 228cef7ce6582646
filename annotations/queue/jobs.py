"""Jobs that staff ask for: taken up by one worker at a time, watched by a heartbeat, taken up again where it stops.

A worker that is killed leaves its job `running` with a heartbeat that grows old; the next worker takes it up again. The
`attempts` counter is the token of whoever holds the job: what an earlier holder still writes changes nothing.
"""

import datetime as dt
import logging
from collections.abc import Collection
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from annotations.base.row_changes import change
from annotations.log import audit
from annotations.models.jobs import UNFINISHED, Job, JobState
from annotations.queue import worker_wakeup

SILENT_FOR = dt.timedelta(seconds=60)  # after that a running job's worker is taken for dead; its steps are shorter
MAX_ATTEMPTS = 5
logger = logging.getLogger(__name__)
AnyJob = TypeVar("AnyJob", bound=Job)


class JobLost(Exception):
    """The job was cancelled, or another worker holds it since this one was silent: stop, and write nothing more."""


def ask(job: AnyJob, act: str, **detail: Any) -> AnyJob:
    """Store a job that somebody asks for, put that down in the audit log, and have a worker take the job up.

    The caller's transaction holds all of it.
    """
    job.save(force_insert=True)
    audit.record(act, job, by=job.requested_by, **detail)
    worker_wakeup.dispatch_on_commit(worker_wakeup.TASK_OF[str(job._meta.model_name)])
    return job


def claim(model: type[AnyJob], now: dt.datetime | None = None) -> AnyJob | None:
    """Take up the oldest job that is due, and return it; None where there is none.

    A job whose workers ended MAX_ATTEMPTS times is failed instead: it would end the next one too.
    """
    now = now or timezone.now()
    silent = Q(state=JobState.RUNNING) & (Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - SILENT_FOR))
    with transaction.atomic():
        due = model._default_manager.filter(Q(state=JobState.PENDING) | silent).order_by("id")
        for job in due.select_for_update(of=("self",), skip_locked=True):
            if (tries := job.attempts - job.attempts_before) >= MAX_ATTEMPTS:
                error = f"The worker stopped {tries} times during “{job.phase or 'the start'}”. See its log."
                change(job, state=JobState.FAILED, error=error, finished_at=timezone.now())
                continue
            change(job, attempts=F("attempts") + 1, state=JobState.RUNNING, heartbeat_at=now, phase_began_at=None)
            job.refresh_from_db(fields=["attempts"])
            return job
    return None


def beat(job: Job, **fields: Any) -> None:
    """Say that the job is being worked on, and store what is known of it so far. Raises JobLost."""
    now = timezone.now()
    if "phase" in fields and (fields["phase"] != job.phase or job.phase_began_at is None):
        fields |= {"phase_began_at": now, "phase_began_with": fields.get("n_done", 0)}
    _change(job, heartbeat_at=now, **fields)


def beat_if_free(job: Job, **fields: Any) -> None:
    """Beat from beside the transaction of the job's own worker, which may be about to finish it. Raises JobLost.

    Does nothing where the row is locked or gone: whoever finishes the job learns at its end that it is not theirs.
    """
    rows = type(job)._default_manager.filter(pk=job.pk)
    try:
        with transaction.atomic():
            if rows.select_for_update(of=("self",), nowait=True).exists():
                beat(job, **fields)
    except OperationalError:
        logger.debug("%s is locked", job)


@transaction.atomic
def cancel(job: Job, by: str) -> bool:
    """End a job that is due or worked on, for a person; its worker notices at its next step. Returns whether it was."""
    ended = {"state": JobState.FAILED, "error": f"Cancelled by {by}.", "finished_at": timezone.now()}
    is_ended = bool(type(job)._default_manager.filter(pk=job.pk, state__in=UNFINISHED).update(**ended))
    if is_ended:
        audit.record("job_cancelled", job, by=by)
    return is_ended


@transaction.atomic
def retry(job: Job, by: str, *, ended: Collection[str] = (JobState.FAILED,), **detail: Any) -> bool:
    """Have a job that ended so tried again, for a person; detail: for the audit log. Returns whether it can be.

    `attempts` goes on: an earlier worker that is still at it must not take the new try for its own.
    """
    again = {"state": JobState.PENDING, "error": "", "finished_at": None, "attempts_before": F("attempts")}
    try:
        with transaction.atomic():
            is_due = bool(type(job)._default_manager.filter(pk=job.pk, state__in=ended).update(**again))
    except IntegrityError:  # some have one at a time for each data set or study, and another one is under way
        return False
    if is_due:
        audit.record("job_tried_again", job, by=by, **detail)
        worker_wakeup.dispatch_on_commit(worker_wakeup.TASK_OF[str(job._meta.model_name)])
    return is_due


def finish(job: Job, **fields: Any) -> None:
    """End the job well. Raises JobLost."""
    _change(job, state=JobState.DONE, finished_at=timezone.now(), **fields)


def fail(job: Job, error: str, **fields: Any) -> None:
    """End the job with a sentence for whoever asked for it. Raises JobLost."""
    _change(job, state=JobState.FAILED, error=error, finished_at=timezone.now(), **fields)


def requeue(job: Job) -> None:
    """Leave the job to the next turn, its progress stored: nothing of it went wrong. Raises JobLost."""
    _change(job, state=JobState.PENDING, attempts=job.attempts - 1, heartbeat_at=timezone.now())


def _change(job: Job, **fields: Any) -> None:
    """Change a job that is held, and what was read of it. Raises JobLost."""
    # One statement: whoever takes the job away meanwhile, such as the erasure of what it used, wins or waits.
    held = type(job)._default_manager.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
    if not held.update(**fields):
        raise JobLost(str(job))
    for name, value in fields.items():
        setattr(job, name, value)
