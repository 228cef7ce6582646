"""The live page of a study: who is where, how the work keeps up, and what needs a look."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from annotations.allocation.cells import Cell, cell_counts, taken
from annotations.log import turned_away
from annotations.models import Study
from annotations.monitoring import alarms, queue_health
from annotations.monitoring.participant_flow import flow
from annotations.monitoring.study_people import ACTIVE_WITHIN, GONE_AFTER
from annotations.pages.number_formats import row_number


def seen_of(study: Study, now: dt.datetime) -> dict[str, Any]:
    """Return a study as it is. `taken`: of the quota's places, those that nobody else can have."""
    return {
        "at": now,
        "flow": flow(study, now),
        "quota": study.quota,
        "taken": taken(study).count(),
        "cells": cell_counts(study),
        "phrases_by_minute": queue_health.phrases_by_minute(study, now),
        "waiting": queue_health.waiting(now, study),
        "workers": queue_health.workers(now),
        "budget": queue_health.budget(study, now),
        "alarms": list(study.alarms.filter(cleared_at__isnull=True)),
    }


REFRESH_S = 5
HEIGHT = 24  # of the sparkline, in the units of its drawing; a minute is 4 wide


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Show the study as it is."""
    seen = seen_of(study, timezone.now())
    return {
        "seen": seen,
        "bars": sparkline(seen["phrases_by_minute"]),
        "height": HEIGHT,
        "imbalance": imbalance(seen["cells"]),
        "refresh_s": REFRESH_S,
        "active_minutes": int(ACTIVE_WITHIN.total_seconds() // 60),
        "gone_minutes": int(GONE_AFTER.total_seconds() // 60),
        "turned_away": turned_away.counts(study),
        "turned_away_days": turned_away.KEPT_DAYS,
        "earlier": study.alarms.filter(cleared_at__isnull=False)[:5],
    }


def _acknowledge(request: HttpRequest, study: Study, by: str) -> None:
    """Take note of an alarm."""
    alarms.acknowledge(get_object_or_404(study.alarms, pk=row_number(request.POST.get("alarm"))), by=by)


def sparkline(counts: list[int]) -> Iterator[tuple[int, float, float, int]]:
    """Yield of each minute where its bar begins, x and y, how high it is and what it counts; the fullest is highest."""
    most = max(counts, default=0) or 1
    for minute, n in enumerate(counts):
        height = HEIGHT * n / most
        yield 4 * minute, round(HEIGHT - height, 2), round(height, 2), n


def imbalance(cells: Iterable[Cell]) -> int:
    """Return by how many places, taken or completed, the fullest cell is ahead of the emptiest."""
    held = [cell.held for cell in cells]
    return max(held) - min(held) if held else 0


ACTS = {"": _acknowledge}
