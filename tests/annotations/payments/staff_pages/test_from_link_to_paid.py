"""One person's whole way, over real addresses: from Prolific's signed link to the reward and the bonus."""

import pytest
from django.test import Client
from django.urls import reverse

from annotations.models import AuditRecord, EntryVerification, Payment, PaymentBatch, Score, Submission
from annotations.models.arrays import pack_float32
from annotations.payments.costs import totals
from annotations.phrases import assignments
from annotations.visits import sessions
from tests.support.actors import Visit, client_of, do_tutorial, pass_check
from tests.support.money import finish, right_words
from tests.support.prolific_steps import begin_there, put_on_prolific
from tests.support.steps import submit_and_score
from tests.worker.prolific.test_prolific_life_cycle import come_by_the_link, deliver
from worker.tasks import outside


@pytest.fixture
def study(open_study, prolific):
    open_study.bonus_cents, open_study.goal, open_study.reward_cents = 75, 0.4, 250
    open_study.save(update_fields=["bonus_cents", "goal", "reward_cents"])
    return put_on_prolific(open_study, prolific)


def at_work(session):
    """Consented, taught and in the first task."""
    sessions.give_consent(session)
    session = pass_check(do_tutorial(session))
    return Visit(session, assignments.start(session.assignments.get()), client_of(session), {})


def post(client: Client, study, name: str, **form):
    answer = client.post(reverse(f"admin:annotations_study_{name}", args=[study.pk]), form)
    assert answer.status_code in (200, 302)
    return answer


def test_from_link_to_paid(study, prolific, settings, coordinator_client):
    there = begin_there(prolific, study, "anna", reward=250)
    token = {settings.PROLIFIC_LINK_TOKEN_PARAMETER: prolific.link_token("anna-visit")}
    session = come_by_the_link(study, "anna", **token)
    assert session.verification == EntryVerification.SIGNED
    visit = at_work(session)
    (phrase,) = submit_and_score(visit, "red")
    Score.objects.filter(phrase=phrase).update(similarities=pack_float32(right_words(study)))
    finish(visit.session)
    there.entered_code, there.completed_at = study.completion_code, prolific.clerk.tick()
    deliver(prolific.clerk.move(there, "AWAITING REVIEW"))
    outside.reconcile_submissions()

    post(coordinator_client, study, "reconciliation", act="approve_all")
    outside.call_prolific()
    assert there.status == "APPROVED"

    post(coordinator_client, study, "payments", act="propose")
    post(coordinator_client, study, "payments", act="prepare", payment=Payment.objects.get().pk)
    post(coordinator_client, study, "payments", act="send", batch=PaymentBatch.objects.get().pk)
    outside.call_prolific()
    prolific.clerk.run_jobs()
    (bonus,) = prolific.clerk.bonus_requests.values()
    assert (bonus.lines, bonus.state) == ([("anna-person", "0.75")], "PAID")

    seen = totals(study)
    assert (seen.rewards.cents, seen.paid.cents, seen.proposed.n, seen.awaiting.n) == (250, 75, 0, 0)
    assert Submission.objects.get().status == "APPROVED"
    log = str(list(AuditRecord.objects.values()))
    assert "anna-person" not in log and "anna-visit" not in log
