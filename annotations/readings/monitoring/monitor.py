"""A study as it runs, in one reading: for the live page, and for programs as JSON."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

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


def document(seen: Monitor) -> dict[str, Any]:
    """Return it as JSON: names, numbers and times; shares in [0, 1], null where there is nothing to share."""
    people = seen.flow
    return {
        "at": seen.at,
        "steps": [{**asdict(step), "here": step.here} for step in people.steps],
        "finished": people.finished,
        "quota": seen.quota,
        "taken": seen.taken,
        "median_active_s": people.active_s,
        "dropout": {**asdict(people.dropout), "share": people.dropout.value},
        "failed_check": {**asdict(people.failed_check), "share": people.failed_check.value},
        "returned": {**asdict(people.returned), "share": people.returned.value},
        "cells": [
            {
                "condition": cell.condition.name if cell.condition else None,
                "order": cell.order,
                "live": cell.live,
                "completed": cell.completed,
            }
            for cell in seen.cells
        ],
        "phrases_by_minute": list(seen.phrases_by_minute),
        "waiting": {row.what: {"n": row.n, "oldest_s": row.oldest_s} for row in seen.waiting},
        "workers": [asdict(row) for row in seen.workers],
        "budget": {**asdict(seen.budget), "share": seen.budget.share, "left": seen.budget.left},
        "alarms": [
            {"kind": alarm.kind, "message": alarm.message, "raised_at": alarm.raised_at} for alarm in seen.alarms
        ],
    }
