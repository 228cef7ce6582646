"""Storing the workers' signs of life."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from annotations.models import WorkerHeartbeat

KEPT = dt.timedelta(days=1)  # after its last beat; a process that ended is of no use for longer


def store_heartbeat(queues: Sequence[str], now: dt.datetime, **process: Any) -> None:
    """Note that a process's loop turns, in one statement for all queues that it serves.

    process: its columns of `WorkerHeartbeat`, which are the same for each queue.
    """
    rows = [WorkerHeartbeat(queue=queue, heartbeat_at=now, **process) for queue in queues]
    WorkerHeartbeat.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["queue", "process"],
        update_fields=["heartbeat_at", "memory"],
    )


def forget(now: dt.datetime) -> int:
    """Remove the rows of processes that ended long ago; returns how many."""
    return WorkerHeartbeat.objects.filter(heartbeat_at__lt=now - KEPT).delete()[0]
