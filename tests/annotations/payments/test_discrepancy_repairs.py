"""Mending a discrepancy: one act, audited, and only where it fits."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.base.service_errors import NoProlificToken, NotPossible
from annotations.models import (
    Allocation,
    AllocationState,
    AnnotationSession,
    AuditRecord,
    Outcome,
    Payment,
    ProlificRequest,
    Reconciliation,
    RequestState,
    Stage,
)
from annotations.payments import discrepancy_repairs, payment_ledger
from annotations.prolific.submissions import due_for_reconciliation
from tests.support.money import done_there
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific, submission_of


@pytest.fixture
def study(open_study, prolific):
    open_study.reward_cents = 300
    open_study.save(update_fields=["reward_cents"])
    return put_on_prolific(open_study, prolific)


def stands(submission, status):
    submission.status = status
    submission.save(update_fields=["status"])
    return submission


@pytest.fixture
def anna(study, prolific):
    """Completed it here."""
    return done_there(prolific, study, "anna")


@pytest.mark.parametrize(
    ("status", "acts"),
    [
        ("ACTIVE", {"complete", "request_return", "screen_out"}),
        ("TIMED-OUT", {"complete", "pay_by_hand"}),
        ("AWAITING REVIEW", {"approve", "request_return", "screen_out", "reject"}),
        ("RETURNED", {"pay_by_hand"}),
        ("REJECTED", {"unreject"}),
        ("APPROVED", set()),
        ("", set()),
        ("ON HOLD", set()),
    ],
)
def test_what_fits_goes_by_prolifics_word(anna, status, acts):
    assert set(discrepancy_repairs.allowed_actions(stands(anna, status))) == acts | {"message"}


def test_nobody_is_rejected_for_the_comprehension_check(anna):
    stands(anna, "AWAITING REVIEW")
    AnnotationSession.objects.filter(pk=anna.session_id).update(stage=Stage.NOT_PASSED, outcome=Outcome.FAILED_CHECK)
    anna.session.refresh_from_db()
    assert "reject" not in discrepancy_repairs.allowed_actions(anna)
    with pytest.raises(NotPossible):
        discrepancy_repairs.ask(anna, "reject", by="cora", message="x" * 100, category="FAILED_CHECK")


def test_another_persons_submission_is_neither_written_to_nor_paid(anna):
    stands(anna, "RETURNED").is_of_another = True
    assert not {"message", "pay_by_hand"} & set(discrepancy_repairs.allowed_actions(anna))


def test_of_somebody_erased_nothing_is_asked(anna):
    anna.sealed_ids = None
    assert discrepancy_repairs.allowed_actions(stands(anna, "AWAITING REVIEW")) == ()


def test_what_does_not_fit_any_more_is_refused(anna):
    with pytest.raises(NotPossible, match="“APPROVED” on Prolific"):
        discrepancy_repairs.ask(stands(anna, "APPROVED"), "approve", by="cora")
    assert not ProlificRequest.objects.exists()


def test_what_failed_can_be_asked_again_and_nothing_else(anna):
    request = discrepancy_repairs.ask(stands(anna, "ACTIVE"), "request_return", by="cora", reason="No phrases.")
    with pytest.raises(NotPossible, match="Only a failed request"):
        discrepancy_repairs.ask_again(request, by="dora")
    request.state, request.finished_at = RequestState.FAILED, request.due_at
    request.save()
    again = discrepancy_repairs.ask_again(request, by="dora")
    assert (again.act, again.detail, again.requested_by) == ("request_return", {"reason": "No phrases."}, "dora")
    assert again != request


def test_what_failed_is_not_asked_again_where_it_fits_no_more(anna):
    request = discrepancy_repairs.ask(stands(anna, "AWAITING REVIEW"), "approve", by="cora")
    request.state, request.finished_at = RequestState.FAILED, request.due_at
    request.save()
    stands(anna, "RETURNED")
    with pytest.raises(NotPossible, match="“RETURNED” on Prolific"):
        discrepancy_repairs.ask_again(request, by="cora")


def test_all_that_await_review_are_approved_at_once(study, prolific):
    people = [stands(done_there(prolific, study, name), "AWAITING REVIEW") for name in ("anna", "bert", "cleo")]
    stands(people[1], "APPROVED")
    assert discrepancy_repairs.approve(people, by="cora") == 2
    assert discrepancy_repairs.approve(people, by="cora") == 2  # a double click asks once
    assert ProlificRequest.objects.count() == 2
    assert AuditRecord.objects.filter(act="prolific_approve", actor="cora").count() == 2


def test_a_place_is_released_and_the_log_says_by_whom(study, prolific):
    begin_there(prolific, study, "anna")
    arrive(study, "anna")
    here = submission_of(study, "anna")
    assert "release_place" in discrepancy_repairs.allowed_actions(here)
    assert discrepancy_repairs.release_place(here, by="cora") and not discrepancy_repairs.release_place(here, by="cora")
    assert Allocation.objects.get().state == AllocationState.RELEASED
    assert AuditRecord.objects.filter(act="place_released", actor="cora").count() == 1


def test_a_reward_that_prolific_does_not_pay_is_owed_once(anna):
    stands(anna, "RETURNED")
    assert discrepancy_repairs.pay_reward(anna, by="cora", reason="done here, returned there")
    with pytest.raises(NotPossible, match="only to a person who completed the visit"):
        discrepancy_repairs.pay_reward(anna, by="cora", reason="done here, returned there")
    assert Payment.objects.get().amount_cents == 300


def test_who_gets_the_reward_as_a_bonus_is_not_paid_it_by_prolific_too(anna):
    stands(anna, "TIMED-OUT")
    discrepancy_repairs.pay_reward(anna, by="cora", reason="done here, timed out there")
    assert set(discrepancy_repairs.allowed_actions(anna)) == {"message"}
    with pytest.raises(NotPossible):
        discrepancy_repairs.ask(stands(anna, "AWAITING REVIEW"), "approve", by="cora")
    payment_ledger.withhold(Payment.objects.get(), reason="completed there", by="cora")
    assert "approve" in discrepancy_repairs.allowed_actions(anna)


@pytest.mark.parametrize("act", ["complete", "approve"])
def test_where_prolific_is_asked_to_pay_nothing_is_owed_beside_it(anna, act):
    discrepancy_repairs.ask(stands(anna, "TIMED-OUT" if act == "complete" else "AWAITING REVIEW"), act, by="cora")
    with pytest.raises(NotPossible, match="whom Prolific does not pay"):
        discrepancy_repairs.pay_reward(stands(anna, "TIMED-OUT"), by="dora", reason="done here, timed out there")
    ProlificRequest.objects.update(state=RequestState.FAILED, finished_at=timezone.now())
    assert discrepancy_repairs.pay_reward(anna, by="dora", reason="done here, timed out there")


def test_who_decides_on_an_old_page_is_told_how_it_stands_now(anna):
    stale = submission_of(anna.study, "anna")
    discrepancy_repairs.pay_reward(stands(anna, "TIMED-OUT"), by="cora", reason="done here, timed out there")
    stale.status = "TIMED-OUT"
    with pytest.raises(NotPossible, match="“TIMED-OUT” on Prolific"):
        discrepancy_repairs.ask(stale, "complete", by="dora")
    stale.status = "AWAITING REVIEW"
    assert discrepancy_repairs.approve([stale], by="dora") == 0


def test_looking_again_makes_the_poll_due(study):
    now = timezone.now()
    Reconciliation.objects.create(study=study, begun_at=now - dt.timedelta(minutes=2))
    assert due_for_reconciliation(now) == []
    discrepancy_repairs.refresh(study, by="cora")
    assert due_for_reconciliation(now) == [study]
    assert AuditRecord.objects.filter(act="submissions_looked_at", actor="cora").exists()


def test_looking_again_within_a_minute_says_that_nothing_is_asked(study):
    begun_at = timezone.now() - dt.timedelta(seconds=50)
    Reconciliation.objects.create(study=study, begun_at=begun_at)
    with pytest.raises(NotPossible, match="in a minute"):
        discrepancy_repairs.refresh(study, by="cora")
    assert Reconciliation.objects.get().begun_at == begun_at
    assert not AuditRecord.objects.filter(act="submissions_looked_at").exists()


def test_looking_again_needs_a_token_and_an_id(study, settings):
    settings.PROLIFIC_TOKEN = ""
    with pytest.raises(NoProlificToken):
        discrepancy_repairs.refresh(study, by="cora")
    settings.PROLIFIC_TOKEN, study.external_study_id = "a token", ""
    with pytest.raises(NotPossible, match="no Prolific id"):
        discrepancy_repairs.refresh(study, by="cora")
