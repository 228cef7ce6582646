"""Watching: the sweep raises alarms and leaves the telling to a thread of its own."""

import threading

import pytest
from django.db import DatabaseError
from django.utils import timezone

from annotations.models import Alarm, Study
from annotations.services import alarms, messengers
from worker import tasks, telling


@pytest.mark.django_db(transaction=True)
def test_one_sweep_raises_an_alarm_and_has_it_told(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    Study.objects.update(alarm_email="team@example.org")
    monkeypatch.setattr(messengers, "email", lambda alarm: told.append(alarm.kind))
    threads: list[threading.Thread | None] = []
    begin = telling.begin
    monkeypatch.setattr(telling, "begin", lambda: threads.append(begin()))
    tasks.watch_studies()
    [thread] = threads
    assert thread is not None
    thread.join(20)
    raised = set(Alarm.objects.values_list("kind", flat=True))
    assert "silent_interactive" in raised  # no worker runs here
    assert set(told) == raised
    assert not Alarm.objects.filter(notified_at=None).exists()


def test_a_slow_telling_is_not_joined_by_a_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(alarms, "tell_due", lambda now: let_go.wait(20))
    first = telling.begin()
    assert first is not None
    assert telling.begin() is None
    let_go.set()
    first.join(20)
    again = telling.begin()
    assert again is not None
    again.join(20)


def test_a_database_that_is_away_leaves_it_to_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: object) -> int:
        raise DatabaseError

    monkeypatch.setattr(alarms, "tell_due", fail)
    for _ in range(2):
        thread = telling.begin()
        assert thread is not None
        thread.join(20)


@pytest.mark.django_db
def test_watching_twice_at_once_raises_one_alarm(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    found = [alarms.Trouble("dropout", "Many left.")]
    alarms._update(open_study, found, now)
    monkeypatch.setattr(alarms, "troubles", lambda study, at: found)
    Alarm.objects.bulk_create(
        [Alarm(study=open_study, kind="dropout", message="", raised_at=now)], ignore_conflicts=True
    )
    assert alarms.watch(now) == 0
    assert Alarm.objects.count() == 1
