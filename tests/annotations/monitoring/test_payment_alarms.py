"""Alarms about money that waits for a person: also after the study was closed, when most of that happens."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.models import BatchState, PaymentBatch, Study, StudyState, Submission
from annotations.monitoring import alarms
from annotations.payments import payment_ledger
from annotations.payments.compared_records import compare, late_reviews
from annotations.payments.discrepancies import REVIEW_LATE, Discrepancy
from annotations.queue.heartbeats import store_heartbeat
from tests.fake_prolific import FakeProlific
from tests.fake_prolific.server import Trouble
from tests.support.money import done_there, owe
from tests.support.prolific_steps import put_on_prolific
from worker.tasks import outside


@pytest.fixture(params=[StudyState.ACTIVE, StudyState.CLOSED])
def study(request: pytest.FixtureRequest, open_study: Study, prolific: FakeProlific) -> Study:
    """On Prolific; bert did all of it and awaits review. Then it goes on, or is closed."""
    there = put_on_prolific(open_study, prolific)
    done_there(prolific, there, "bert")
    closed_at = timezone.now() if request.param == StudyState.CLOSED else None
    prolific.clerk.studies[there.external_study_id].status = "COMPLETED" if closed_at else "ACTIVE"
    Study.objects.update(state=request.param, closed_at=closed_at)
    there.refresh_from_db()
    return there


def lasting(study: Study, now: dt.datetime) -> dict[str, str]:
    queues = ("interactive", "retrain", "embed", "maintenance", "outside", "analysis")
    store_heartbeat(queues, now, process="worker:1", started_at=now)
    alarms.watch(now)
    return dict(study.alarms.filter(cleared_at__isnull=True).values_list("kind", "message"))


def test_bonuses_whose_answer_was_lost_ask_for_somebody_until_it_is_said(study: Study, prolific: FakeProlific) -> None:
    owed = owe(Submission.objects.get())
    payment_ledger.send(payment_ledger.prepare(study, [owed.pk], by="cora"), by="cora")
    prolific.meet(Trouble(is_lost=True))
    outside.call_prolific()
    batch = PaymentBatch.objects.get()
    assert batch.state == BatchState.UNSURE
    now = timezone.now()
    assert set(lasting(study, now)) == {"bonuses_unsure"}
    payment_ledger.record_paid(batch, by="cora")
    assert lasting(study, now + dt.timedelta(seconds=15)) == {}


def test_bonuses_that_were_refused_ask_for_somebody(study: Study, prolific: FakeProlific) -> None:
    owed = owe(Submission.objects.get())
    payment_ledger.send(payment_ledger.prepare(study, [owed.pk], by="cora"), by="cora")
    prolific.meet(Trouble(status=400))
    outside.call_prolific()
    assert set(lasting(study, timezone.now())) == {"bonuses_failed"}


def test_a_review_that_waits_too_long_is_told_and_over_once_it_is_done(study: Study) -> None:
    outside.reconcile_submissions()
    done_at = Submission.objects.get().completed_at
    assert done_at is not None
    second = dt.timedelta(seconds=1)
    assert lasting(study, done_at + REVIEW_LATE) == {}
    late = done_at + REVIEW_LATE + second
    assert compare(study, late).counts[Discrepancy.REVIEW_DUE] == late_reviews(late)[study.pk] == 1
    assert lasting(study, late)["review_late"].startswith("1 submission awaits review for over 14 days. After 21")
    Submission.objects.update(status="APPROVED")
    assert lasting(study, late + second) == {}


def test_without_a_time_of_completion_it_waits_since_its_status_changed(study: Study) -> None:
    now = timezone.now()
    Submission.objects.update(status="AWAITING REVIEW", completed_at=None, status_changed_at=now - REVIEW_LATE)
    assert late_reviews(now) == {}
    assert late_reviews(now + dt.timedelta(seconds=1)) == {study.pk: 1}
