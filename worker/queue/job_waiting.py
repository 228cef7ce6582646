"""For commands: a job that somebody waits for, whoever works on it."""

import time
from collections.abc import Callable

from annotations.models.jobs import UNFINISHED, Job

ASK_AGAIN_AFTER_S = 1.0


def work_until_ended(job: Job, work: Callable[[], object]) -> None:
    """Do what is due until this job has ended, here or by a worker that has it already and may be killed."""
    work()
    job.refresh_from_db()
    while job.state in UNFINISHED:
        time.sleep(ASK_AGAIN_AFTER_S)
        work()
        job.refresh_from_db()
