"""A study as it runs, in one reading: for the live page, and for programs as JSON."""

import datetime as dt
from dataclasses import dataclass

from annotations.models import Alarm, Study
from annotations.readings.allocation.cells import Cell, cell_counts, taken
from annotations.readings.monitoring import queue_health
from annotations.readings.monitoring.participant_flow import Flow, flow
from annotations.readings.monitoring.queue_health import Budget, Waiting, Workers


@dataclass(frozen=True)
class Monitor:
    """All that the live page shows at one moment. `taken`: of the quota's places, those that nobody else can have."""

    at: dt.datetime
    flow: Flow
    quota: int | None
    taken: int
    cells: tuple[Cell, ...]
    phrases_by_minute: tuple[int, ...]
    waiting: tuple[Waiting, ...]
    workers: tuple[Workers, ...]
    budget: Budget
    alarms: tuple[Alarm, ...]


def monitor(study: Study, now: dt.datetime) -> Monitor:
    """Return a study as it is now."""
    return Monitor(
        at=now,
        flow=flow(study, now),
        quota=study.quota,
        taken=taken(study).count(),
        cells=tuple(cell_counts(study)),
        phrases_by_minute=tuple(queue_health.phrases_by_minute(study, now)),
        waiting=queue_health.waiting(study, now),
        workers=tuple(queue_health.workers(now)),
        budget=queue_health.budget(study, now),
        alarms=tuple(study.alarms.filter(cleared_at__isnull=True)),
    )
