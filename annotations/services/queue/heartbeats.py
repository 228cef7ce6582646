"""Storing the workers' signs of life."""

import datetime as dt
from collections.abc import Sequence

from annotations.models import WorkerBeat

KEPT = dt.timedelta(days=1)  # after its last beat; a process that ended is of no use for longer


def beat(process: str, queues: Sequence[str], started_at: dt.datetime, now: dt.datetime) -> None:
    """Note that a process's loop turns, in one statement for all queues that it serves."""
    WorkerBeat.objects.bulk_create(
        [WorkerBeat(queue=queue, process=process, started_at=started_at, beat_at=now) for queue in queues],
        update_conflicts=True,
        unique_fields=["queue", "process"],
        update_fields=["beat_at"],
    )


def forget(now: dt.datetime) -> int:
    """Remove the rows of processes that ended long ago; returns how many."""
    return WorkerBeat.objects.filter(beat_at__lt=now - KEPT).delete()[0]
