"""The payments page: looked through, put into a batch, paid through Prolific or by a file."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from annotations.models import AuditRecord, BatchState, Payment, PaymentBatch, Submission
from tests.fake_prolific.server import Trouble
from tests.support.actors import create_study, open_study
from tests.support.money import complete, owe, right_words
from tests.support.prolific_steps import begin_there, put_on_prolific
from worker.prolific import send_due_requests


@pytest.fixture
def study(open_study, prolific):
    open_study.bonus_cents, open_study.goal, open_study.reward_cents = 50, 0.4, 300
    open_study.save(update_fields=["bonus_cents", "goal", "reward_cents"])
    return put_on_prolific(open_study, prolific)


@pytest.fixture
def anna(study, prolific):
    begin_there(prolific, study, "anna", "APPROVED")
    return complete(study, "anna", {"red": right_words(study)})


@pytest.fixture
def address(study):
    return reverse("admin:annotations_study_payments", args=[study.pk])


def shown(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_from_the_rule_to_paid(anna, address, coordinator_client, prolific):
    page = coordinator_client.post(address, {"act": "propose"}, follow=True)
    assert "1 person judged, 1 of them earned the bonus" in shown(page)
    assert str(anna) in shown(page) and "anna-person" not in shown(page)
    coordinator_client.post(address, {"act": "prepare", "payment": Payment.objects.get().pk})
    batch = PaymentBatch.objects.get()
    assert "Pay it through Prolific" in shown(coordinator_client.get(address))
    coordinator_client.post(address, {"act": "send", "batch": batch.pk})
    assert "being sent" in shown(coordinator_client.get(address))
    assert send_due_requests() == 1
    batch.refresh_from_db()
    assert batch.state == BatchState.PAID
    (made,) = prolific.clerk.bonus_requests.values()
    assert made.lines == [("anna-person", "0.50")]
    acts = set(AuditRecord.objects.values_list("act", flat=True))
    assert {"bonuses_proposed", "payments_prepared", "payments_sent", "payments_paid"} <= acts


def test_without_a_token_a_file_is_handed_out(anna, address, coordinator_client, settings):
    settings.PROLIFIC_TOKEN = ""
    owed = owe(anna, 125)
    coordinator_client.post(address, {"act": "prepare", "payment": owed.pk})
    page = shown(coordinator_client.get(address))
    assert "Pay it through Prolific" not in page and "File: Prolific ids and amounts" in page
    batch = PaymentBatch.objects.get()
    answer = coordinator_client.post(address, {"act": "file", "batch": batch.pk})
    assert answer.content.decode() == "anna-person,1.25\n"
    assert f"sprites-payments-{batch.pk}.csv" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert "The batch counts as paid." in shown(coordinator_client.get(address))
    assert AuditRecord.objects.get(act="payment_file").actor == "coordinator"


def test_a_question_says_what_to_look_at_and_takes_the_answer(anna, address, coordinator_client, prolific):
    coordinator_client.post(address, {"act": "prepare", "payment": owe(anna).pk})
    batch = PaymentBatch.objects.get()
    coordinator_client.post(address, {"act": "send", "batch": batch.pk})
    prolific.meet(Trouble(is_lost=True))
    send_due_requests()
    page = shown(coordinator_client.get(address))
    assert "Clarify sends nothing again until you do" in page and "Pay that very request" not in page
    coordinator_client.post(address, {"act": "record_paid", "batch": batch.pk})
    batch.refresh_from_db()
    assert batch.state == BatchState.PAID


def test_one_is_withheld_with_a_reason_and_owed_again(anna, address, coordinator_client):
    owed = owe(anna)
    page = coordinator_client.post(address, {"act": "withhold", "one": owed.pk, "reason": " "}, follow=True)
    assert "Give the reason why it is not paid" in shown(page)
    coordinator_client.post(address, {"act": "withhold", "one": owed.pk, "reason": "A mistake."})
    assert "Not to be paid" in shown(coordinator_client.get(address))
    coordinator_client.post(address, {"act": "owe_again", "one": owed.pk})
    owed.refresh_from_db()
    assert owed.withheld_reason == ""


def test_a_batch_is_taken_apart(anna, address, coordinator_client):
    coordinator_client.post(address, {"act": "prepare", "payment": owe(anna).pk})
    coordinator_client.post(address, {"act": "undo_batch", "batch": PaymentBatch.objects.get().pk})
    assert not PaymentBatch.objects.exists() and Payment.objects.get().batch is None


def test_nothing_chosen_is_refused_in_a_sentence(anna, address, coordinator_client):
    page = coordinator_client.post(address, {"act": "prepare", "payment": ["x", "²"]}, follow=True)
    assert "None of the chosen payments is owed any more" in shown(page)


def test_the_money_of_another_study_is_out_of_reach(anna, address, coordinator_client, base_model):
    other = open_study(create_study(base_model, "other"))
    there = reverse("admin:annotations_study_payments", args=[other.pk])
    owed = owe(anna)
    coordinator_client.post(there, {"act": "prepare", "payment": owed.pk})
    assert not PaymentBatch.objects.exists()
    assert coordinator_client.post(there, {"act": "withhold", "one": owed.pk, "reason": "x"}).status_code == 404
    coordinator_client.post(address, {"act": "prepare", "payment": owed.pk})
    batch = PaymentBatch.objects.get()
    for act in ("send", "file", "undo_batch", "record_paid"):
        assert coordinator_client.post(there, {"act": act, "batch": batch.pk}).status_code == 404


@pytest.mark.parametrize(("token", "to_do"), [("", "import Prolific’s file"), ("a token", "look again at Prolific")])
def test_what_is_owed_to_people_of_whom_prolific_told_nothing_is_not_known(
    study, address, coordinator_client, settings, token, to_do
):
    settings.PROLIFIC_TOKEN = token
    owe(complete(study, "bert", {"red": right_words(study)}), 125)
    page = shown(coordinator_client.get(address))
    assert "1.25 to 4.25" in page
    assert "1 person finished here, and Prolific has reported nothing about this submission" in page
    assert to_do in page
    overview = shown(coordinator_client.get(reverse("admin:annotations_study_change", args=[study.pk])))
    assert "Not known yet" in overview and "up to 3.00 GBP" in overview


def test_what_is_owed_is_one_sum_where_prolific_told_of_everybody(anna, address, coordinator_client):
    Submission.objects.update(status="AWAITING REVIEW")
    owe(anna, 125)
    page = shown(coordinator_client.get(address))
    assert "4.25" in page and "not known</span>" not in page


def test_the_fee_is_shown_apart(anna, address, coordinator_client, settings):
    assert "If an operator sets its rate, this page shows the fee." in shown(coordinator_client.get(address))
    settings.PROLIFIC_FEE_PERCENT = Decimal("33.3")
    assert "fee of 33.3 %" in shown(coordinator_client.get(address))
