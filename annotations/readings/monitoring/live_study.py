"""A study as it runs, in one reading: for the live page, and for programs as JSON."""

import datetime as dt
from typing import Any

from annotations.models import Study
from annotations.readings.allocation.cells import cell_counts, taken
from annotations.readings.monitoring import queue_health
from annotations.readings.monitoring.participant_flow import flow


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
