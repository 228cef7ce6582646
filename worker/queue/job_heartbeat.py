"""A job's lease while its worker computes: each step of the work renews it, so a worker that stands still loses it.

There is no thread that beats beside the work: it would keep the job of a worker that hangs (docs/decisions/0051).
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
from clarify_errors.arrays.common.progress import Progress
from clarify_errors.arrays.common.steps import after_each_step, step_done
from worker.queue import worker_heartbeat

TELL_EVERY_S = 0.5
LONG_STEP_S = jobs.SILENT_FOR.total_seconds() / 2  # a step that takes longer is near to losing its job

logger = logging.getLogger(__name__)


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
