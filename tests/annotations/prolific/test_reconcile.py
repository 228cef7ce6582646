"""The periodic poll: all pages, one claim at a time, and what it found even if it breaks off."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.models import Reconciliation, StudyState, Submission
from annotations.prolific import site_client as prolific_client
from annotations.prolific.submissions import due_for_reconciliation, ids_of, reconcile
from annotations.prolific_client.prolific_errors import ProlificError
from annotations.studies import lifecycle
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific, submission_of
from worker.prolific import reconcile_due_studies


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


def age(minutes):
    begun_at = timezone.now() - dt.timedelta(minutes=minutes)
    Reconciliation.objects.update(begun_at=begun_at)


def test_every_submission_of_every_page_is_there_afterwards(study, prolific):
    for i in range(45):
        begin_there(prolific, study, f"p{i}", entered_code="C0DE1234", reward=175)
    assert reconcile(study, prolific_client.client()) == 45
    rows = list(Submission.objects.all())
    assert {ids_of(row).session for row in rows} == {f"p{i}-visit" for i in range(45)}
    assert {(row.status, row.entered_code, row.reward_cents) for row in rows} == {("ACTIVE", "C0DE1234", 175)}
    done = Reconciliation.objects.get()
    assert (done.n_submissions, done.error) == (45, "") and done.done_at is not None


def test_a_visit_here_gets_prolifics_word(study, prolific):
    session = arrive(study, "anna")
    begin_there(prolific, study, "anna", "RETURNED")
    reconcile(study, prolific_client.client())
    row = submission_of(study, "anna")
    assert (row.session, row.status) == (session, "RETURNED")


def test_a_poll_that_breaks_off_keeps_what_it_found_and_why(study, prolific):
    for i in range(25):
        begin_there(prolific, study, f"p{i}")
    prolific.meet(Trouble(), Trouble(400))
    with pytest.raises(ProlificError):
        reconcile(study, prolific_client.client())
    assert Submission.objects.count() == 20
    broken = Reconciliation.objects.get()
    assert broken.error == "Trouble" and broken.done_at is None


def test_whoever_comes_second_leaves_it_to_the_first(study, prolific):
    assert reconcile(study, prolific_client.client()) == 0
    assert reconcile(study, prolific_client.client()) is None
    assert len(prolific.calls) == 1
    age(2)
    assert reconcile(study, prolific_client.client()) == 0


def test_a_running_study_is_due_every_five_minutes(study):
    now = timezone.now()
    assert due_for_reconciliation(now) == [study]
    Reconciliation.objects.create(study=study, begun_at=now - dt.timedelta(minutes=4))
    assert due_for_reconciliation(now) == []
    age(6)
    assert due_for_reconciliation(now) == [study]


def test_a_closed_study_is_looked_after_for_a_month(study):
    lifecycle.close_study(study)
    now = timezone.now()
    assert due_for_reconciliation(now) == [study]
    Reconciliation.objects.create(study=study, begun_at=now - dt.timedelta(minutes=30))
    assert due_for_reconciliation(now) == []
    assert due_for_reconciliation(now + dt.timedelta(days=29)) == [study]
    assert due_for_reconciliation(now + dt.timedelta(days=31)) == []


@pytest.mark.parametrize("change", [{"external_study_id": ""}, {"sealed_pseudonym_key": b""}])
def test_a_study_that_is_not_there_or_forgot_who_is_who_is_not_polled(study, change):
    type(study).objects.update(**change)
    assert due_for_reconciliation(timezone.now()) == []


def test_a_draft_is_not_polled(draft_study, prolific):
    put_on_prolific(draft_study, prolific)
    assert draft_study.state == StudyState.DRAFT
    assert due_for_reconciliation(timezone.now()) == []


def test_the_worker_polls_what_is_due_and_survives_a_prolific_in_trouble(study, prolific, caplog):
    begin_there(prolific, study, "anna")
    prolific.meet(Trouble(401))
    assert reconcile_due_studies() == 0
    assert "with Prolific is incomplete" in caplog.text and prolific.token not in caplog.text
    age(6)
    assert reconcile_due_studies() == 1
    assert reconcile_due_studies() == 0


def test_without_a_token_the_worker_asks_nobody(study, prolific, settings):
    settings.PROLIFIC_TOKEN = ""
    assert reconcile_due_studies() == 0
    assert prolific.calls == []
