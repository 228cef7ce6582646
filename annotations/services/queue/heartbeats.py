"""Storing the workers' signs of life."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from annotations.models import WorkerHeartbeat

KEPT = dt.timedelta(days=1)  # after its last beat; a process that ended is of no use for longer


@dataclass(frozen=True)
class WorkerProcess:
    """A worker's process. process: host and process id; device: that trains and encodes, empty where none does."""

    process: str
    started_at: dt.datetime
    device: str = ""
    code_version: str = ""


def store_heartbeat(worker: WorkerProcess, queues: Sequence[str], now: dt.datetime, memory: int = 0) -> None:
    """Note that a process's loop turns, in one statement for all queues that it serves; memory: its most so far."""
    rows = [WorkerHeartbeat(**vars(worker), queue=queue, heartbeat_at=now, memory=memory) for queue in queues]
    WorkerHeartbeat.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["queue", "process"],
        update_fields=["heartbeat_at", "memory"],
    )


def forget(now: dt.datetime) -> int:
    """Remove the rows of processes that ended long ago; returns how many."""
    return WorkerHeartbeat.objects.filter(heartbeat_at__lt=now - KEPT).delete()[0]
