"""What the tasks of every queue share: one sweep over the rows that are due, and how their process starts and ends."""

import logging
import signal
from collections.abc import Callable
from typing import Any

from celery.signals import celeryd_after_setup, worker_ready
from django.db import OperationalError

from worker.queue import worker_heartbeat

logger = logging.getLogger(__name__)


def sweep(drain: Callable[[], int], what: str) -> None:
    """Drain the rows that are due, and say how many there were of `what`; a database that is away ends it quietly."""
    try:
        count = drain()
    except OperationalError as error:
        logger.warning("database did not answer, due rows are left to the next sweep: %s", type(error).__name__)
        return
    worker_heartbeat.touch()
    if count:
        logger.info("%d %s", count, what)


@celeryd_after_setup.connect
def name_queues(instance: Any, **_: Any) -> None:
    """From its start on, a worker's heartbeat says which queues it serves."""
    worker_heartbeat.serves(instance.app.amqp.queues.consume_from)


@worker_ready.connect
def finish_what_is_in_hand(**_: Any) -> None:
    """Let QUIT and Ctrl-C do what TERM does: end after the task in hand.

    Celery's own handlers wait within the signal until the tasks of a pool's processes have ended. In a solo worker the
    task itself stands still meanwhile, with its rows locked, and an error then breaks it off wherever it is.
    """
    for number in (signal.SIGQUIT, signal.SIGINT):
        signal.signal(number, signal.getsignal(signal.SIGTERM))
