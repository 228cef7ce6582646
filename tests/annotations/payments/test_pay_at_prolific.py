"""Paying a batch at Prolific: set up once and paid once, wherever the worker or the line breaks."""

from unittest import mock

import pytest
from django.utils import timezone

from annotations.base.service_errors import NotPossible
from annotations.models import BatchState, PaymentBatch
from annotations.payments import payment_ledger, payment_sender
from annotations.prolific import site_client as prolific_client
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.prolific_errors import TokenRefused
from tests.fake_prolific.server import Trouble
from tests.support.money import owe
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific, submission_of
from worker.prolific import send_due_requests

SET_UP, PAY = "/submissions/bonus-payments/", "/bulk-bonus-payments/bonus-1/pay/"
LOST, BUSY, FAULT = Trouble(is_lost=True), Trouble(status=429), Trouble(status=503)


class Killed(BaseException):
    """The worker's end."""


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


@pytest.fixture
def batch(study, prolific):
    """50 for anna and 25 for bert, sent."""
    owed = []
    for name, cents in (("anna", 50), ("bert", 25)):
        begin_there(prolific, study, name, "APPROVED")
        arrive(study, name, consents=False)
        owed.append(owe(submission_of(study, name), cents).pk)
    prepared = payment_ledger.prepare(study, owed, by="cora")
    payment_ledger.send(prepared, by="cora")
    prolific.calls.clear()
    return prepared


def work():
    """One turn of a worker that waits as long as it may, and never sleeps."""
    with mock.patch("random.uniform", lambda low, high: high):
        return payment_sender.send_due(prolific_client.client())


def later(batch):
    PaymentBatch.objects.filter(pk=batch.pk, due_at__isnull=False).update(due_at=timezone.now())


def state(batch):
    batch.refresh_from_db()
    return batch.state


def lines(prolific):
    """What Prolific was made to pay, over all requests that are paid or being paid."""
    paid = [request for request in prolific.clerk.bonus_requests.values() if request.state != "CREATED"]
    return [line for request in paid for line in request.lines]


def killed_after(monkeypatch, name):
    """The worker ends as soon as Prolific has done it."""
    real = getattr(Prolific, name)

    def once(self, *args):
        monkeypatch.setattr(Prolific, name, real)
        real(self, *args)
        raise Killed

    monkeypatch.setattr(Prolific, name, once)


def test_a_batch_is_set_up_in_units_and_paid(batch, prolific):
    assert send_due_requests() == 1
    assert prolific.paths("POST") == [SET_UP, PAY]
    assert lines(prolific) == [("anna-person", "0.50"), ("bert-person", "0.25")]
    assert state(batch) == BatchState.PAID and batch.outside_id == "bonus-1" and batch.finished_at


def test_what_is_paid_is_not_due_again(batch, prolific):
    work()
    assert work() == 0 and len(prolific.calls) == 2


def test_what_was_not_sent_is_not_due(study, prolific):
    begin_there(prolific, study, "anna", "APPROVED")
    arrive(study, "anna", consents=False)
    payment_ledger.prepare(study, [owe(submission_of(study, "anna")).pk], by="cora")
    assert work() == 0


def test_a_busy_prolific_is_asked_again_later(batch, prolific):
    prolific.meet(*[BUSY] * 3)
    assert work() == 0
    assert state(batch) == BatchState.PREPARED and "busy" in batch.last_error and batch.due_at > timezone.now()
    later(batch)
    assert work() == 1
    assert len(prolific.clerk.bonus_requests) == 1


def test_a_lost_answer_to_the_set_up_asks_a_person(batch, prolific):
    prolific.meet(LOST)
    assert work() == 0
    assert state(batch) == BatchState.UNSURE and "did not answer" in batch.last_error
    later(batch)
    assert work() == 0 and prolific.paths("POST") == [SET_UP]


def test_a_worker_that_ends_after_the_set_up_leaves_a_question(batch, prolific, monkeypatch):
    killed_after(monkeypatch, "create_bonuses")
    with pytest.raises(Killed):
        work()
    later(batch)
    assert work() == 0
    assert state(batch) == BatchState.UNSURE and "worker stopped" in batch.last_error
    assert prolific.paths("POST") == [SET_UP]


def test_nobody_else_takes_a_batch_that_a_worker_holds(batch, prolific, monkeypatch):
    killed_after(monkeypatch, "create_bonuses")
    with pytest.raises(Killed):
        work()
    assert work() == 0 and state(batch) == BatchState.PREPARED


def test_a_worker_that_ends_after_paying_leaves_a_question_and_no_second_payment(batch, prolific, monkeypatch):
    killed_after(monkeypatch, "pay_bonuses")
    with pytest.raises(Killed):
        work()
    assert state(batch) == BatchState.SENT
    later(batch)
    assert work() == 0
    assert state(batch) == BatchState.UNSURE and "already been paid" in batch.last_error
    payment_ledger.record_paid(batch, by="cora")
    assert state(batch) == BatchState.PAID and len(lines(prolific)) == 2


def test_a_lost_answer_to_the_payment_is_asked_again_by_its_id_alone(batch, prolific):
    prolific.meet(Trouble(), FAULT)
    assert work() == 0 and state(batch) == BatchState.SENT
    later(batch)
    assert work() == 1
    assert prolific.paths("POST") == [SET_UP, PAY, PAY] and len(lines(prolific)) == 2


def test_a_refusal_says_why_and_can_be_sent_again(batch, prolific):
    prolific.clerk.create_bonuses({"study_id": "study-there", "csv_bonuses": "anna-person,1.00"})
    assert work() == 0
    assert state(batch) == BatchState.FAILED and "already a bonus request" in batch.last_error
    prolific.clerk.bonus_requests.clear()
    payment_ledger.record_not_sent(batch, by="cora")
    payment_ledger.send(batch, by="cora")
    assert work() == 1 and len(lines(prolific)) == 2


def test_a_refused_payment_is_paid_again_under_the_same_id(batch, prolific):
    prolific.meet(Trouble(), Trouble(status=400))
    assert work() == 0 and state(batch) == BatchState.FAILED
    payment_ledger.pay_again(batch, by="cora")
    assert work() == 1
    assert len(prolific.clerk.bonus_requests) == 1 and len(lines(prolific)) == 2


def test_what_is_unsure_is_sent_anew_once_somebody_saw_that_nothing_is_there(batch, prolific):
    prolific.meet(FAULT)
    work()
    assert state(batch) == BatchState.UNSURE
    with pytest.raises(NotPossible):  # it has no id
        payment_ledger.pay_again(batch, by="cora")
    payment_ledger.record_not_sent(batch, by="cora")
    assert state(batch) == BatchState.PREPARED and batch.due_at is None
    payment_ledger.send(batch, by="cora")
    assert work() == 1 and len(lines(prolific)) == 2


def test_a_question_keeps_another_batch_from_going_out(batch, study, prolific):
    prolific.meet(LOST)
    work()
    with pytest.raises(NotPossible, match="one batch at a time"):
        payment_ledger.prepare(study, [owe(submission_of(study, "anna"), number=1).pk], by="cora")


def test_a_failed_batch_waits_for_the_one_that_came_after_it(batch, study, prolific):
    prolific.meet(Trouble(status=400))
    work()
    payment_ledger.prepare(study, [owe(submission_of(study, "anna"), number=1).pk], by="cora")
    with pytest.raises(NotPossible, match="Settle that batch first"):
        payment_ledger.record_not_sent(batch, by="cora")


def test_a_refused_token_leaves_it_waiting(batch, settings):
    settings.PROLIFIC_TOKEN = "another"
    with pytest.raises(TokenRefused):
        work()
    assert state(batch) == BatchState.PREPARED and batch.attempts == 0 and batch.last_error


def test_no_error_names_an_id(batch, prolific):
    prolific.clerk.submissions.clear()
    work()
    assert state(batch) == BatchState.FAILED and "anna-person" not in batch.last_error
