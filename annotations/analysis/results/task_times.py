"""Seconds at each task from raw spans: a union of intervals, computed where the spans are."""

from importlib.resources import files

from django.db import connection

from annotations.analysis.observations.person_tasks import Key, Times
from annotations.models import SessionKind, Study

_QUERY = files(__package__).joinpath("task_times.sql").read_text("utf-8")


def task_times(study: Study, kind: SessionKind) -> dict[Key, Times]:
    """Return the times of everybody who began a task, summed over visits; withdrawn and erased ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, {"study": study.pk, "kind": kind})
        return {
            (task, participant): Times(
                active=float(active) if was_seen else None,
                waiting=float(waiting) if was_seen else None,
                wall=None if wall is None else float(wall),
                end=end,
            )
            for task, participant, was_seen, active, waiting, wall, end in cursor.fetchall()
        }
