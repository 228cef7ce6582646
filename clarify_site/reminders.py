"""When beat reminds the workers: by a clock that nobody sets.

Celery's own scheduler goes by the machine's clock. Where that is set back by five minutes, it says nothing for as long:
`make chaos` found all sweeps silent, and runs that waited.
"""

import time
from typing import Any, cast

from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import schedule


class Reminders(Scheduler):
    """Each reminder so many seconds after the last one. Nothing is kept in a file: after a start all are sent anew."""

    def _when(self, entry: ScheduleEntry, next_time_to_run: float, mktime: Any = None) -> float:
        return time.monotonic() + (next_time_to_run or 0)

    def is_due(self, entry: ScheduleEntry) -> tuple[bool, float]:
        """Say that it is, since it came first in the queue, and when the next one is."""
        return True, cast(schedule, entry.schedule).seconds
