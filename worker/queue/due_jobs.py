"""Working on the jobs that are due, one after the other: what goes wrong with one ends that one alone."""

import logging
from collections.abc import Callable

from django.db import OperationalError

from annotations.queue import jobs
from annotations.queue.jobs import AnyJob
from worker.queue import worker_heartbeat
from worker.queue.failure_messages import is_foreseen, reason_of
from worker.queue.job_heartbeat import renewed_by_steps

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
