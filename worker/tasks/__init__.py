"""The tasks of each queue, in a module of its name: a worker loads those of its queues, and nothing that others need.

None takes an argument: each drains all rows that are due. A delivery too many finds nothing due, one too few is made
up for by the sweeper (settings.CELERY_BEAT_SCHEDULE). The names stand in annotations.queue.worker_wakeup.
Here stands how a worker's process starts and ends, whatever its queues are.
"""

import signal
import time
from collections.abc import Callable
from typing import Any

from celery import Task
from celery.signals import celeryd_after_setup, task_prerun, worker_ready

from annotations.queue import worker_wakeup
from clarify_site.celery import app
from worker.queue import worker_heartbeat
from worker.queue.drain import sweep

PACE_S = 0.1  # from the beginning of a task to its next one


def task(name: str, *sweeps: tuple[Callable[[], int], str]) -> Task[[], None]:
    """Register a task. sweeps: what works on the rows that are due, and what the log calls those that it finished."""

    def run() -> None:
        for work, what in sweeps:
            sweep(work, what)

    return app.task(name=name)(run)


@celeryd_after_setup.connect
def name_queues(instance: Any, **_: Any) -> None:
    """From its start on, a worker's heartbeat says which queues it serves."""
    worker_heartbeat.serves(instance.app.amqp.queues.consume_from)


_begun_at: dict[str, float] = {}


@task_prerun.connect
def take_up(task: Any, **_: Any) -> None:
    """Let rows gather where they come fast, since many at once cost little more than one; begin with what is there.

    Whatever is stored from now on needs another message.
    """
    time.sleep(max(0.0, _begun_at.get(task.name, 0.0) + PACE_S - time.monotonic()))
    _begun_at[task.name] = time.monotonic()
    worker_wakeup.taken_up(task.name)


@worker_ready.connect
def finish_what_is_in_hand(**_: Any) -> None:
    """Let QUIT and Ctrl-C do what TERM does: end after the task in hand.

    Celery's own handlers wait within the signal until the tasks of a pool's processes have ended. In a solo worker the
    task itself stands still meanwhile, with its rows locked, and an error then breaks it off wherever it is.
    """
    for number in (signal.SIGQUIT, signal.SIGINT):
        signal.signal(number, signal.getsignal(signal.SIGTERM))
