"""Storing the workers' signs of life."""

import datetime as dt
from collections.abc import Sequence

from annotations.models import WorkerHeartbeat

KEPT = dt.timedelta(days=1)  # after its last beat; a process that ended is of no use for longer


def store_heartbeat(process: str, queues: Sequence[str], started_at: dt.datetime, now: dt.datetime) -> None:
    """Note that a process's loop turns, in one statement for all queues that it serves."""
    WorkerHeartbeat.objects.bulk_create(
        [WorkerHeartbeat(queue=queue, process=process, started_at=started_at, heartbeat_at=now) for queue in queues],
        update_conflicts=True,
        unique_fields=["queue", "process"],
        update_fields=["heartbeat_at"],
    )


def forget(now: dt.datetime) -> int:
    """Remove the rows of processes that ended long ago; returns how many."""
    return WorkerHeartbeat.objects.filter(heartbeat_at__lt=now - KEPT).delete()[0]
