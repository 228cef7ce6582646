"""Two beats, or a sweep that is reminded twice at one moment: everything that is due happens once."""

import datetime as dt
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from annotations.base.data_store.folder_store import FolderStore
from annotations.models import Event, Study, event_kinds
from annotations.visits.withdrawal import withdraw
from clarify_site.celery import app
from tests.support.actors import start_visit
from tests.support.steps import end, submit
from worker.tasks import maintenance

SWEEPS = (
    maintenance.end_overdue_assignments,
    maintenance.expire_leases,
    maintenance.erase_withdrawn,
    maintenance.apply_retention,
    maintenance.remove_abandoned_uploads,
    maintenance.remove_unnamed_files,
    maintenance.watch_studies,
)
AT_ONCE = 4


@pytest.mark.django_db(transaction=True)
def test_all_sweeps_at_once_in_several_workers_do_everything_once(open_study: Study, own_store: FolderStore) -> None:
    overdue = [start_visit(open_study, f"overdue-{i}") for i in range(3)]
    gone = [start_visit(open_study, f"gone-{i}") for i in range(3)]
    for visit in (*overdue, *gone):
        submit(visit, "red")
    for visit in gone:
        end(visit)
        withdraw(visit.session)
    start = threading.Barrier(AT_ONCE)

    def remind() -> None:
        try:
            start.wait()
            for sweep in SWEEPS:
                sweep()
        finally:
            connections.close_all()

    with time_machine.travel(timezone.now() + dt.timedelta(hours=3)):
        app.finalize()  # as a worker does before its first task; two threads that are the first race for it
        with ThreadPoolExecutor(AT_ONCE) as workers:
            for reminded in [workers.submit(remind) for _ in range(AT_ONCE)]:
                reminded.result()
        maintenance.erase_withdrawn()  # whom another worker held, the next sweep erases
        maintenance.end_overdue_assignments()
    ended = Counter(Event.objects.filter(kind=event_kinds.ASSIGNMENT_ENDED).values_list("session", flat=True))
    released = Counter(Event.objects.filter(kind=event_kinds.ALLOCATION_RELEASED).values_list("session", flat=True))
    erased = Counter(Event.objects.filter(kind=event_kinds.SESSION_ERASED).values_list("session", flat=True))
    assert {ended[visit.session.pk] for visit in overdue} == {1}
    assert {erased[visit.session.pk] for visit in gone} == {1}
    assert set(released.values()) == {1}
