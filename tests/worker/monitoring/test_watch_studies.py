"""Watching: the sweep raises alarms and leaves the notifications to a thread of its own."""

import datetime as dt
import threading

import pytest
from django.db import DatabaseError
from django.utils import timezone

from annotations.models import Alarm, Study
from annotations.monitoring import alarms
from worker.tasks import maintenance
from worker.tasks import maintenance as alarm_notifications


@pytest.mark.django_db(transaction=True)
def test_one_sweep_raises_an_alarm_and_has_it_told(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    Study.objects.update(alarm_email="team@example.org")
    monkeypatch.setattr(alarms, "send", lambda alarm: told.append(alarm.kind))
    threads: list[threading.Thread] = []
    notify = alarm_notifications.notify_in_background
    monkeypatch.setattr(alarm_notifications, "notify_in_background", lambda: threads.append(notify()))
    maintenance.watch_studies()
    [thread] = threads
    thread.join(60)
    raised = set(Alarm.objects.values_list("kind", flat=True))
    assert "silent_interactive" in raised  # no worker runs here
    assert set(told) == raised
    assert not Alarm.objects.filter(notified_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_threads_at_once_one_notifies(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    is_on, let_go = threading.Event(), threading.Event()

    def slow(alarm: Alarm) -> None:
        told.append(alarm.kind)
        is_on.set()
        let_go.wait(60)

    Study.objects.update(alarm_email="team@example.org")
    monkeypatch.setattr(alarms, "send", slow)
    long_ago = timezone.now() - dt.timedelta(hours=1)  # so that a second try is due as soon as the first has begun
    Alarm.objects.create(study=open_study, kind="dropout", message="", raised_at=long_ago)
    first = alarm_notifications.notify_in_background()
    assert is_on.wait(60)
    alarm_notifications.notify_in_background().join(60)
    assert alarms.notify_due(timezone.now()) == 0
    let_go.set()
    first.join(60)
    assert told == ["dropout"]
    Alarm.objects.create(study=open_study, kind="returned", message="", raised_at=long_ago)
    alarm_notifications.notify_in_background().join(60)
    assert told == ["dropout", "returned"]


@pytest.mark.django_db(transaction=True)
def test_a_thread_that_broke_off_holds_up_no_other(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def breaks_once(alarm: Alarm) -> None:
        told.append(alarm.kind)
        if len(told) == 1:
            raise DatabaseError

    Study.objects.update(alarm_email="team@example.org")
    monkeypatch.setattr(alarms, "send", breaks_once)
    long_ago = timezone.now() - dt.timedelta(hours=1)
    Alarm.objects.create(study=open_study, kind="dropout", message="", raised_at=long_ago)
    for _ in range(2):
        alarm_notifications.notify_in_background().join(60)
    assert told == ["dropout", "dropout"]


def test_a_database_that_is_away_leaves_it_to_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(now: object) -> int:
        raise DatabaseError

    monkeypatch.setattr(alarms, "notify_due", fail)
    for _ in range(2):
        alarm_notifications.notify_in_background().join(60)


@pytest.mark.django_db
def test_watching_twice_at_once_raises_one_alarm(open_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()

    def found(at: dt.datetime) -> dict[Study, dict[str, str]]:
        Alarm.objects.create(study=open_study, kind="dropout", message="", raised_at=at)  # by another, meanwhile
        return {open_study: {"dropout": "Many left."}}

    monkeypatch.setattr(alarms, "active_conditions", found)
    alarms.watch(now)
    assert Alarm.objects.count() == 1
