"""Working on the jobs that are due, one after the other: what goes wrong with one ends that one alone.

Each step of the work renews the job's lease, so a worker that stands still loses it. There is no thread that beats
beside the work: it would keep the job of a worker that hangs (docs/decisions/0051).
"""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, connections

from annotations.models.jobs import Job
from annotations.queue import jobs
from annotations.queue.jobs import AnyJob
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.common.steps import after_each_step, step_done
from worker.queue import worker_heartbeat
from worker.queue.failure_messages import is_foreseen, reason_of

TELL_EVERY_S = 0.5
LONG_STEP_S = jobs.SILENT_FOR.total_seconds() / 2  # a step that takes longer is near to losing its job


@contextmanager
def renewed_by_steps(job: Job) -> Iterator[None]:
    """Renew the job's lease every few seconds from the steps of the block. They raise JobLost where it is lost."""

    def renew() -> None:
        if connection.in_atomic_block:
            beat_beside_transaction(job)
        else:
            jobs.beat(job)
            worker_heartbeat.touch()

    with after_each_step(_watching_for_long_steps(job, worker_heartbeat.every_few_seconds(renew))):
        yield


def progress_of(job: Job, beat: Callable[..., None] | None = None) -> Progress:
    """Return what stores how far a job is, twice a second at the most. It raises JobLost."""
    told_at = -TELL_EVERY_S

    def tell(stage: str, done: int, total: int, /) -> None:
        nonlocal told_at
        step_done()
        if time.monotonic() - told_at >= TELL_EVERY_S or stage != job.phase or done == total:
            (beat or jobs.beat)(job, phase=stage, n_done=done, n_total=total)
            worker_heartbeat.touch_file()
            told_at = time.monotonic()

    return tell


def beat_beside_transaction(job: Job, **fields: Any) -> None:
    """Beat on a connection of its own: a transaction may be read-only, and nobody sees what it writes before its end.

    Raises JobLost.
    """
    _on_another_connection(lambda: jobs.beat_if_free(job, **fields))
    _on_another_connection(worker_heartbeat.store)
    worker_heartbeat.touch_file()


def _on_another_connection(write: Callable[[], None]) -> None:
    def and_close() -> None:
        try:
            write()
        except OperationalError as error:
            logger.warning("could not store the heartbeat of a job: %s", type(error).__name__)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:  # a connection belongs to a thread; the work waits for this one
        thread.submit(and_close).result()


def _watching_for_long_steps(job: Job, call: Callable[[], None]) -> Callable[[], None]:
    last = time.monotonic()

    def after_a_step() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > LONG_STEP_S:
            logger.warning(
                "%s was silent for %.0f s; after %.0f s it is taken up again", job, now - last, 2 * LONG_STEP_S
            )
        last = now
        call()

    return after_a_step


logger = logging.getLogger(__name__)


def work_on_due(model: type[AnyJob], work: Callable[[AnyJob], object], most: int | None = None) -> int:
    """Take up due jobs, the oldest first, and work on each; returns how many were worked on, at most `most`.

    work: takes a job that is held, and ends it or puts it back, by `jobs` or a service. What it raises ends the job
    with a sentence for whoever asked, and of what nobody foresaw the log has the traceback. A job that was lost
    or cancelled meanwhile is left as it is. Raises OperationalError: that is no job's fault.
    """
    worked = 0
    while (most is None or worked < most) and (job := jobs.claim(model)) is not None:
        try:
            with renewed_by_steps(job):
                _work_or_fail(job, work)
        except jobs.JobLost:
            logger.warning("%s is finished, cancelled or was claimed by another worker", job)
        worked += 1
        worker_heartbeat.touch()
    return worked


def _work_or_fail(job: AnyJob, work: Callable[[AnyJob], object]) -> None:
    try:
        work(job)
    except (OperationalError, jobs.JobLost):
        raise
    except Exception as error:  # whatever data, files or a library raise is this job's, and who asked reads it
        if not is_foreseen(error):
            logger.exception("%s failed", job)
        jobs.fail(job, reason_of(error))
