"""The worker's heartbeat, touched by its work loop after each sweep and each batch.

A file for the watchdog, which ends a worker whose loop stands still; a row for the monitor and the alarms.
"""

import logging
import os
import resource
import socket
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from annotations.base.version import CODE_VERSION
from annotations.queue import heartbeats

BEAT_EVERY_S = 5.0

logger = logging.getLogger(__name__)
_queues: tuple[str, ...] = ()
_beaten_at = -BEAT_EVERY_S
_started_at = _touched_at = timezone.now()
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in what getrusage counts by


def serves(queues: Iterable[str]) -> None:
    """Name the queues of this process, whose rows the next beat stores; a process that names none has no row."""
    global _queues, _beaten_at
    _queues, _beaten_at = tuple(queues), -BEAT_EVERY_S


def touch() -> None:
    """Touch the file that WORKER_HEARTBEAT names, and every few seconds the rows; nothing where there is neither."""
    touch_file()
    store()


def touch_file() -> None:
    """Touch the file alone, for work within a transaction that cannot write; `due_jobs` writes the row."""
    global _touched_at
    _touched_at = timezone.now()
    if settings.WORKER_HEARTBEAT:
        Path(settings.WORKER_HEARTBEAT).touch()


def every_few_seconds(call: Callable[[], None], seconds: float | None = None) -> Callable[[], None]:
    """Return what may be called after each step: it passes every call on that comes so long after the last one.

    seconds: None: as often as a worker beats.
    """
    called_at, seconds = time.monotonic(), BEAT_EVERY_S if seconds is None else seconds

    def after_a_step() -> None:
        nonlocal called_at
        if time.monotonic() - called_at >= seconds:
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
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT
        heartbeats.store_heartbeat(_queues, _touched_at, **_this_process(), memory=memory)
    except DatabaseError as error:  # the loop itself goes on and shows what is wrong
        logger.warning("could not store the heartbeat: %s", type(error).__name__)


@cache
def _this_process() -> dict[str, Any]:
    process = f"{socket.gethostname()}:{os.getpid()}"
    return {"process": process, "started_at": _started_at, "device": _device(), "code_version": CODE_VERSION}


def _device() -> str:
    """What this process computes on; a process whose tasks need no torch has not loaded it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return ""
    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"
