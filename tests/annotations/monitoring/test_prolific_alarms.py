"""Alarms where a study here and the same one on Prolific do not agree on letting people in."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.models import ProlificRequest, StudyOnProlific
from annotations.monitoring import alarms
from annotations.monitoring.queue_health import workers
from annotations.prolific import recruitment, study_status
from annotations.prolific import site_client as prolific_client
from annotations.prolific.request_sender import call_due
from annotations.queue.heartbeats import store_heartbeat
from annotations.studies import lifecycle
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import THERE, put_on_prolific
from worker.tasks import outside


@pytest.fixture
def study(open_study, prolific):
    now = timezone.now()
    store_heartbeat(
        [row.queue for row in workers(now)], now + dt.timedelta(hours=3), process="worker:1", started_at=now
    )
    return put_on_prolific(open_study, prolific)


@pytest.fixture
def there(study, prolific):
    return prolific.clerk.studies[THERE]


def lasting(study):
    alarms.watch(timezone.now())
    return dict(study.alarms.filter(cleared_at__isnull=True).values_list("kind", "message"))


def poll(study, prolific):
    prolific.clerk.tick()
    study_status.look(study, prolific_client.client())


def test_people_who_are_sent_to_a_paused_study_are_an_alarm_until_both_agree(study, prolific):
    lifecycle.pause_study(study)
    poll(study, prolific)
    assert "this study is paused" in lasting(study)["prolific_sends_people"]
    recruitment.ask(study, "pause_study", by="cora")
    call_due(prolific_client.client())
    assert lasting(study) == {}


def test_people_who_are_sent_to_a_closed_study_are_an_alarm(study, prolific):
    lifecycle.close_study(study)
    poll(study, prolific)
    assert "Stop it there" in lasting(study)["prolific_sends_people"]


@pytest.mark.parametrize(
    ("status", "says"), [("PAUSED", "Start it there again"), ("AWAITING REVIEW", "awaiting review")]
)
def test_a_study_that_is_shut_there_and_open_here_is_an_alarm(study, prolific, there, status, says):
    there.status = status
    poll(study, prolific)
    assert says in lasting(study)["prolific_sends_nobody"]
    lifecycle.pause_study(study)
    poll(study, prolific)
    assert lasting(study) == {}


@pytest.mark.parametrize("status", ["UNPUBLISHED", "SCHEDULED", "ON HOLD"])
def test_what_has_not_begun_and_what_nobody_knows_is_none(study, prolific, there, status):
    there.status = status
    poll(study, prolific)
    assert lasting(study) == {}


def test_what_was_heard_before_the_last_change_here_is_no_reason(study, prolific):
    poll(study, prolific)
    lifecycle.pause_study(study)
    assert lasting(study) == {}
    poll(study, prolific)
    assert set(lasting(study)) == {"prolific_sends_people"}


def test_a_request_that_failed_is_told_of_until_prolific_shows_it_done(study, prolific, there):
    there.status = "UNPUBLISHED"
    lifecycle.close_study(study, on_prolific=True)
    call_due(prolific_client.client())
    assert "The request to stop this study" in lasting(study)["prolific_request_failed"]
    there.status = "COMPLETED"
    poll(study, prolific)
    assert lasting(study) == {}


def test_the_poll_of_submissions_asks_where_the_study_stands(study, prolific, there):
    there.status = "PAUSED"
    outside.reconcile_submissions()
    assert StudyOnProlific.objects.get().status == "PAUSED"
    assert prolific.paths("GET") == ["/submissions/", f"/studies/{THERE}/"]


def test_a_poll_that_fails_leaves_what_was_known(study, prolific):
    poll(study, prolific)
    prolific.meet(*[Trouble(503)] * 3)
    outside.reconcile_submissions()
    assert StudyOnProlific.objects.get().status == "ACTIVE" and not ProlificRequest.objects.exists()
