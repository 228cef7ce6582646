"""Two coordinators, or two workers, at the same moment: one batch, and one request at Prolific."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from annotations.base.service_errors import NotPossible
from annotations.models import BatchState, Payment, PaymentBatch, ProlificRequest, Submission
from annotations.payments import discrepancy_repairs, payment_ledger, payment_sender
from annotations.payments.compared_records import detailed
from annotations.prolific import site_client as prolific_client
from tests.fake_prolific.server import Trouble
from tests.support.locks import wait_for_a_waiting_lock
from tests.support.money import done_there, owe
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific, submission_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owed(open_study, prolific):
    study = put_on_prolific(open_study, prolific)
    begin_there(prolific, study, "anna", "APPROVED")
    arrive(study, "anna", consents=False)
    return owe(submission_of(study, "anna"))


def at_once(act: Callable[[], Any], n: int = 4) -> list[Any]:
    """What n threads get that begin together; a refusal as itself."""
    start, got = threading.Barrier(n), []

    def run() -> None:
        start.wait()
        try:
            got.append(act())
        except NotPossible as refusal:
            got.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_of_coordinators_who_prepare_at_once_one_does(owed):
    got = at_once(lambda: payment_ledger.prepare(owed.study, [owed.pk], by="cora"))
    assert [type(each) for each in got].count(PaymentBatch) == 1
    assert PaymentBatch.objects.count() == 1


def test_of_workers_who_look_at_once_one_pays(owed, prolific):
    batch = payment_ledger.prepare(owed.study, [owed.pk], by="cora")
    payment_ledger.send(batch, by="cora")
    prolific.calls.clear()
    prolific.meet(Trouble(seconds=0.3))
    assert sorted(at_once(lambda: payment_sender.send_due(prolific_client.client()))) == [0, 0, 0, 1]
    assert len(prolific.paths("POST")) == 2 and len(prolific.clerk.bonus_requests) == 1
    batch.refresh_from_db()
    assert batch.state == BatchState.PAID


def test_of_a_reward_as_a_bonus_and_a_completion_at_once_one_is_done(open_study, prolific):
    study = put_on_prolific(open_study, prolific)
    study.reward_cents = 300
    study.save(update_fields=["reward_cents"])
    anna = done_there(prolific, study, "anna")
    Submission.objects.filter(pk=anna.pk).update(status="TIMED-OUT")
    acts = iter((
        lambda: discrepancy_repairs.pay_reward(detailed(study).get(), reason="done here", by="cora"),
        lambda: discrepancy_repairs.ask(detailed(study).get(), "complete", by="dora"),
    ))  # fmt: skip
    with transaction.atomic():  # both have looked, as far as they look without a lock, before either acts
        Submission.objects.select_for_update().get(pk=anna.pk)
        clicks = threading.Thread(target=at_once, args=[lambda: next(acts)(), 2])
        clicks.start()
        wait_for_a_waiting_lock(2)
    clicks.join()
    assert Payment.objects.count() + ProlificRequest.objects.count() == 1
