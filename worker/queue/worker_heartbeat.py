"""The worker's heartbeat, touched by its work loop after each sweep and each batch.

A file for the watchdog, which ends a worker whose loop stands still; a row for the monitor and the alarms.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from annotations.services.queue import heartbeats

BEAT_EVERY_S = 5.0

logger = logging.getLogger(__name__)
_queues: tuple[str, ...] = ()
_beaten_at = -BEAT_EVERY_S
_started_at = _touched_at = timezone.now()


def serves(queues: Iterable[str]) -> None:
    """Name the queues of this process, whose rows the next beat stores; a process that names none has no row."""
    global _queues, _beaten_at
    _queues, _beaten_at = tuple(queues), -BEAT_EVERY_S


def touch() -> None:
    """Touch the file that WORKER_HEARTBEAT names, and every few seconds the rows; nothing where there is neither."""
    touch_file()
    store()


def touch_file() -> None:
    """Touch the file alone, for work within a transaction that cannot write; `job_heartbeat` writes the row."""
    global _touched_at
    _touched_at = timezone.now()
    if settings.WORKER_HEARTBEAT:
        Path(settings.WORKER_HEARTBEAT).touch()


def every_few_seconds(call: Callable[[], None]) -> Callable[[], None]:
    """Return what may be called after each step: it passes every call on that comes BEAT_EVERY_S after the last one."""
    called_at = time.monotonic()

    def after_a_step() -> None:
        nonlocal called_at
        if time.monotonic() - called_at >= BEAT_EVERY_S:
            called_at = time.monotonic()
            call()

    return after_a_step


def store() -> None:
    """Store in the rows when the loop turned last, where that was not done within the last few seconds.

    A thread beside the loop may call it too: a loop that stands still looks no livelier for it.
    """
    global _beaten_at
    if not _queues or time.monotonic() - _beaten_at < BEAT_EVERY_S:
        return
    _beaten_at = time.monotonic()
    try:
        heartbeats.store_heartbeat(f"{socket.gethostname()}:{os.getpid()}", _queues, _started_at, _touched_at)
    except DatabaseError as error:  # the loop itself goes on and shows what is wrong
        logger.warning("could not store the heartbeat: %s", type(error).__name__)
