"""Alarms: raised once, cleared when over, taken note of in the audit log."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotations.models import Alarm, AuditRecord, BaseModel, Phrase, Score, Study, StudyState
from annotations.monitoring import alarms
from annotations.monitoring.queue_health import workers
from annotations.monitoring.study_people import GONE_AFTER
from annotations.queue.heartbeats import store_heartbeat
from tests.support import actors
from tests.support.actors import Visit, create_study, start_visit
from tests.support.rows import add_phrase

SECOND = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _workers(db: None) -> None:
    """All queues are served, up to a moment far ahead."""
    now = timezone.now()
    store_heartbeat(
        [row.queue for row in workers(now)], now + dt.timedelta(hours=3), process="worker:1", started_at=now
    )


def lasting(study: Study) -> dict[str, str]:
    return dict(study.alarms.filter(cleared_at__isnull=True).values_list("kind", "message"))


def test_nobody_scores_is_raised_once_and_cleared_when_it_is_over(open_study: Study, alice: Visit) -> None:
    phrase = add_phrase(alice, "red")
    now = timezone.now()
    assert alarms.watch(now + 59 * SECOND) == 0
    assert alarms.watch(now + 62 * SECOND) == 1
    assert alarms.watch(now + 64 * SECOND) == 0
    assert set(lasting(open_study)) == {"nobody_scores"}
    Phrase.objects.filter(pk=phrase.pk).update(state="failed")
    assert alarms.watch(now + 70 * SECOND) == 1
    assert lasting(open_study) == {}
    assert Alarm.objects.get().cleared_at == now + 70 * SECOND


def test_it_can_come_again(open_study: Study, alice: Visit) -> None:
    now = timezone.now()
    phrase = add_phrase(alice, "red")
    alarms.watch(now + 62 * SECOND)
    Phrase.objects.filter(pk=phrase.pk).update(state="failed")
    alarms.watch(now + 63 * SECOND)
    Phrase.objects.filter(pk=phrase.pk).update(state="pending")
    alarms.watch(now + 64 * SECOND)
    assert Alarm.objects.count() == 2


def test_scoring_that_does_not_keep_up_is_another_alarm(open_study: Study, alice: Visit) -> None:
    add_phrase(alice, "red")
    later = timezone.now() + 90 * SECOND
    add_phrase(alice, "blue", 0.5)
    Score.objects.update(scored_at=later - 5 * SECOND)
    alarms.watch(later)
    assert set(lasting(open_study)) == {"oldest_pending"}
    assert "1 pending phrase, the oldest for 9" in lasting(open_study)["oldest_pending"]


def test_a_silent_queue_is_told_by_its_name(open_study: Study) -> None:
    now = timezone.now()
    store_heartbeat(["retrain"], now - 61 * SECOND, process="worker:1", started_at=now)
    alarms.watch(now)
    assert set(lasting(open_study)) == {"silent_retrain"}


def test_dropout_needs_enough_people_and_more_than_the_level(open_study: Study) -> None:
    for i in range(alarms.MIN_PEOPLE - 1):
        start_visit(open_study, f"person-{i}")
    later = timezone.now() + GONE_AFTER + 60 * SECOND
    alarms.watch(later)
    assert "dropout" not in lasting(open_study)
    start_visit(open_study, "the-tenth")
    Study.objects.update(alarm_dropout=1)
    alarms.watch(later)
    assert "dropout" not in lasting(open_study)
    Study.objects.update(alarm_dropout=0.9)
    alarms.watch(later)
    assert "100% (10 of 10) of those who consented left" in lasting(open_study)["dropout"]


def test_a_study_that_is_over_has_no_alarms(open_study: Study, alice: Visit) -> None:
    add_phrase(alice, "red")
    now = timezone.now()
    alarms.watch(now + 90 * SECOND)
    Study.objects.update(state=StudyState.CLOSED, closed_at=now)
    alarms.watch(now + 91 * SECOND)
    assert lasting(open_study) == {}


def test_a_draft_is_not_watched(draft_study: Study) -> None:
    alarms.watch(timezone.now() + dt.timedelta(days=1))
    assert not Alarm.objects.exists()


def test_what_is_asked_of_the_database_does_not_grow_with_the_studies(
    open_study: Study, alice: Visit, base_model: BaseModel, django_assert_max_num_queries: Any
) -> None:
    add_phrase(alice, "red")
    later = timezone.now() + GONE_AFTER + 60 * SECOND
    with CaptureQueriesContext(connection) as one:
        alarms.watch(later)
    for number in range(5):
        study = actors.open_study(create_study(base_model, f"study-{number}"))
        add_phrase(start_visit(study, "bob"), "red")
    with django_assert_max_num_queries(len(one)):
        alarms.watch(later)
    assert Alarm.objects.filter(kind="nobody_scores").count() == 6


def test_taking_note_is_once_and_in_the_audit_log(open_study: Study) -> None:
    alarm = Alarm.objects.create(study=open_study, kind="dropout", message="Many left.", raised_at=timezone.now())
    alarms.acknowledge(alarm, by="ann")
    alarms.acknowledge(alarm, by="bert")
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == "ann"
    record = AuditRecord.objects.get(act="alarm_acknowledged")
    assert (record.actor, record.subject, record.study) == ("ann", "dropout", open_study)
