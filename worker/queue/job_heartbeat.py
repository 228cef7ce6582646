"""A job's heartbeat while its worker computes: it stops with the process, however that ends."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connections

from annotations.models.jobs import Job
from annotations.services.queue import jobs
from worker.queue import worker_heartbeat

EVERY_S = 5.0

logger = logging.getLogger(__name__)


@contextmanager
def keep_heartbeat(job: Job, progress: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Beat every few seconds from a thread beside the block, the worker's own rows too where its loop turns.

    progress: fields of the job to store with each beat, as they are by then; for a block that cannot write itself.
    """
    over = threading.Event()

    def work() -> None:
        try:
            while not over.wait(EVERY_S):
                try:
                    worker_heartbeat.store()
                    jobs.beat(job, **dict(progress or {}))
                except jobs.JobLost:
                    return  # whoever works on it notices at its own next step
                except DatabaseError as error:
                    logger.warning("could not store the heartbeat of a job: %s", type(error).__name__)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
