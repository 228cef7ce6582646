"""The ledger of money: what is owed by hand, withheld, put into a batch, undone, and handed out as a file."""

import csv
import datetime as dt
import io
import uuid
from pathlib import Path

import pytest
from django.utils import timezone

from annotations.base.service_errors import NoProlificToken, NotPossible
from annotations.base.tables.columns import read_text
from annotations.models import (
    AuditRecord,
    BatchState,
    IdentityKey,
    Payment,
    PaymentBatch,
    Reconciliation,
    Submission,
)
from annotations.payments import payment_files, payment_ledger
from annotations.payments.discrepancies import GRACE, is_unlisted
from tests.support.money import owe
from tests.support.prolific_steps import THERE, arrive, submission_of


@pytest.fixture
def study(open_study):
    """Known on Prolific, without a token here."""
    open_study.external_study_id = THERE
    open_study.save(update_fields=["external_study_id"])
    return open_study


@pytest.fixture
def anna(study):
    arrive(study, "anna", consents=False)
    return submission_of(study, "anna")


@pytest.fixture
def bert(study):
    arrive(study, "bert", consents=False)
    return submission_of(study, "bert")


def prepared(*owed):
    return payment_ledger.prepare(owed[0].study, [payment.pk for payment in owed], by="cora")


def acts():
    return list(AuditRecord.objects.filter(act__startswith="payment").order_by("pk").values_list("act", flat=True))


def test_a_form_that_is_sent_twice_owes_once(anna):
    form = uuid.uuid4()
    assert payment_ledger.add_by_hand(anna, 120, reason="A long call.", by="cora", form=form)
    assert not payment_ledger.add_by_hand(anna, 120, reason="A long call.", by="cora", form=form)
    assert (Payment.objects.get().amount_cents, acts()) == (120, ["payment_owed"])


def test_a_reward_is_owed_once_a_submission(anna):
    anna.study.reward_cents = 300
    assert payment_ledger.owe_reward(anna, reason="returned there", by="cora")
    assert not payment_ledger.owe_reward(anna, reason="returned there", by="dora")
    assert Payment.objects.get().amount_cents == 300


def test_without_a_reward_in_the_study_none_is_owed(anna):
    with pytest.raises(NotPossible):
        payment_ledger.owe_reward(anna, reason="returned there", by="cora")


def test_a_batch_takes_what_is_owed_and_waits(anna, bert):
    first, second = owe(anna), owe(bert)
    batch = prepared(first, second)
    assert set(batch.payments.all()) == {first, second}
    assert (batch.state, batch.due_at) == (BatchState.PREPARED, None)
    assert AuditRecord.objects.get(act="payments_prepared").detail == {"payments": 2, "cents": 100}


def test_one_batch_of_a_study_at_a_time(anna, bert):
    prepared(owe(anna))
    with pytest.raises(NotPossible, match="one batch at a time"):
        prepared(owe(bert))


def test_a_payment_is_in_one_batch(anna):
    payment = owe(anna)
    batch = prepared(payment)
    PaymentBatch.objects.filter(pk=batch.pk).update(state=BatchState.PAID)
    with pytest.raises(NotPossible):
        prepared(payment)


def test_what_is_withheld_is_in_none(anna):
    payment = owe(anna)
    payment_ledger.withhold(payment, reason="Sent twice.", by="cora")
    with pytest.raises(NotPossible):
        prepared(payment)
    payment_ledger.withhold(payment, reason="", by="cora")
    assert prepared(payment)
    assert acts() == ["payment_withheld", "payment_owed_again", "payments_prepared"]


def test_what_is_in_a_batch_cannot_be_withheld(anna):
    payment = owe(anna)
    prepared(payment)
    with pytest.raises(NotPossible):
        payment_ledger.withhold(payment, reason="Sent twice.", by="cora")


def test_nobody_is_paid_whose_ids_are_erased(anna):
    payment = owe(anna)
    IdentityKey.objects.all().delete()
    with pytest.raises(NotPossible, match="cannot be paid from here"):
        prepared(payment)


def test_nobody_is_paid_for_another_persons_submission(anna):
    payment = owe(anna)
    anna.is_of_another = True
    anna.save(update_fields=["is_of_another"])
    with pytest.raises(NotPossible, match="another participant"):
        prepared(payment)


@pytest.fixture
def reward(anna):
    """Owed to somebody who timed out there."""
    anna.study.reward_cents = 300
    Submission.objects.filter(pk=anna.pk).update(status="TIMED-OUT")
    assert payment_ledger.owe_reward(anna, reason="timed out there", by="cora")
    return Payment.objects.get()


def now_there(submission, status):
    Submission.objects.filter(pk=submission.pk).update(status=status)


@pytest.mark.parametrize("status", ["AWAITING REVIEW", "APPROVED", "ACTIVE"])
def test_a_reward_that_prolific_pays_after_all_comes_into_no_batch(anna, reward, status):
    now_there(anna, status)
    with pytest.raises(NotPossible, match=f"has status “{status}”"):
        prepared(reward)
    now_there(anna, "RETURNED")
    assert prepared(reward)


def test_a_batch_with_a_reward_that_prolific_pays_meanwhile_goes_nowhere(anna, reward, settings):
    batch = prepared(reward)
    now_there(anna, "AWAITING REVIEW")
    settings.PROLIFIC_TOKEN = "a token"
    with pytest.raises(NotPossible, match="Withhold this bonus"):
        payment_ledger.send(batch, by="cora")
    with pytest.raises(NotPossible, match="Withhold this bonus"):
        payment_files.hand_out(batch, by="cora")
    batch.refresh_from_db()
    assert (batch.state, batch.due_at) == (BatchState.PREPARED, None)


def test_what_was_handed_out_before_prolific_paid_can_be_taken_again(anna, reward):
    batch = prepared(reward)
    text = payment_files.hand_out(batch, by="cora")
    now_there(anna, "APPROVED")
    assert payment_files.hand_out(batch, by="cora") == text


def test_a_batch_that_waits_can_be_taken_apart(anna):
    payment = owe(anna)
    payment_ledger.undo_batch(prepared(payment), by="cora")
    payment.refresh_from_db()
    assert payment.batch is None and not PaymentBatch.objects.exists()


def test_without_a_token_nothing_is_sent(anna):
    with pytest.raises(NoProlificToken):
        payment_ledger.send(prepared(owe(anna)), by="cora")


def test_what_was_sent_is_neither_taken_apart_nor_handed_out(anna, prolific):
    batch = prepared(owe(anna))
    payment_ledger.send(batch, by="cora")
    with pytest.raises(NotPossible):
        payment_ledger.undo_batch(batch, by="cora")
    with pytest.raises(NotPossible):
        payment_files.hand_out(batch, by="cora")
    with pytest.raises(NotPossible):
        payment_ledger.send(batch, by="cora")


def test_the_file_is_what_prolifics_box_takes_one_line_a_person(anna, bert):
    batch = prepared(owe(anna, 50), owe(bert, 5), owe(anna, 100, number=1))
    assert payment_files.hand_out(batch, by="cora") == "anna-person,1.50\nbert-person,0.05\n"
    batch.refresh_from_db()
    assert batch.state == BatchState.EXPORTED and batch.finished_at
    assert AuditRecord.objects.get(act="payment_file").detail == {"again": False}


def test_a_file_that_got_lost_is_handed_out_again_and_the_log_says_so(anna):
    batch = prepared(owe(anna))
    payment_files.hand_out(batch, by="cora")
    assert payment_files.hand_out(batch, by="cora") == "anna-person,0.50\n"
    assert [record.detail["again"] for record in AuditRecord.objects.filter(act="payment_file")] == [True, False]


def test_a_list_of_submissions_is_audited(anna, bert):
    IdentityKey.objects.filter(pseudonym=bert.pseudonym).delete()
    text = payment_files.submission_list(anna.study, [anna, bert], by="cora", reason="to approve")
    assert text.splitlines()[1].startswith(f"anna-visit,anna-person,{anna.submission_key},")
    assert "bert" not in text
    record = AuditRecord.objects.get(act="submission_list")
    assert (record.reason, record.detail) == ("to approve", {"rows": 1})


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "'=1", "''+1"])
def test_nothing_that_people_typed_is_a_formula_in_a_file_and_all_of_it_can_be_read_back(anna, typed):
    anna.entered_code = typed
    anna.save(update_fields=["entered_code"])
    listed = payment_files.submission_list(anna.study, [anna], by="cora", reason="to approve")
    (row,) = csv.DictReader(io.StringIO(listed, newline=""))
    assert row["Completion code"] == f"'{typed}" and read_text(row["Completion code"]) == typed


@pytest.mark.parametrize("state", [BatchState.PREPARED, BatchState.PAID, BatchState.EXPORTED])
def test_only_a_batch_in_question_is_answered_for(anna, state, prolific):
    batch = prepared(owe(anna))
    PaymentBatch.objects.filter(pk=batch.pk).update(state=state, outside_id="x", finished_at=timezone.now())
    for answer in (payment_ledger.record_paid, payment_ledger.record_not_sent, payment_ledger.pay_again):
        with pytest.raises(NotPossible):
            answer(batch, by="cora")


def test_only_the_money_pages_hand_files_out():
    """So none is ever part of a release, an export or the API."""
    package = Path(payment_ledger.__file__).parents[1]
    users = {path.name for path in package.rglob("*.py") if "payment_files" in path.read_text()}
    assert users == {"reconciliation_page.py", "payments_page.py"}


def test_whom_prolific_does_not_list_is_left_out_of_a_batch_since_it_would_refuse_all_of_it(study, anna, bert):
    came = anna.session.created_at
    Submission.objects.filter(pk=bert.pk).update(status="APPROVED", seen_at=came + GRACE)
    listed = Reconciliation.objects.create(study=study, begun_at=came, done_at=came + GRACE - dt.timedelta(seconds=1))
    assert not is_unlisted(came, anna.seen_at, listed.done_at)  # too early to tell
    Reconciliation.objects.update(done_at=came + GRACE)
    of_anna, of_bert = owe(anna), owe(bert)
    with pytest.raises(NotPossible, match=f"does not list {anna}, and one unknown submission"):
        prepared(of_anna, of_bert)
    assert prepared(of_bert).payments.count() == 1
