"""The reconciliation of a study, read from the rows: compared, counted, filtered and paged."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.models import AuditRecord, Submission
from annotations.payments import compared_records as reconciliation
from annotations.payments.discrepancies import Discrepancy
from annotations.prolific import site_client as prolific_client
from annotations.prolific import submission_requests
from annotations.prolific.submissions import reconcile
from annotations.visits import preview_links
from tests.support.money import done_there
from tests.support.prolific_steps import arrive, begin_there, put_on_prolific, submission_of


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


def look(study):
    study.refresh_from_db()
    reconcile(study, prolific_client.client())
    return reconciliation.compare(study, timezone.now())


def named(study, compared, name):
    return compared.differences[submission_of(study, name).pk]


def test_each_submission_is_compared_with_its_visit(study, prolific):
    done_there(prolific, study, "anna")
    returned = done_there(prolific, study, "bert", "RETURNED")
    begin_there(prolific, study, "carl", "AWAITING REVIEW")
    compared = look(study)
    assert named(study, compared, "anna") == ()
    assert compared.differences[returned.pk] == (Discrepancy.RETURNED,)
    assert named(study, compared, "carl") == (Discrepancy.NEVER_CAME,)
    assert compared.approvable == (submission_of(study, "anna").pk,)
    assert compared.n_differing == 2 and compared.counts[Discrepancy.RETURNED] == 1


def test_two_submissions_of_one_person_are_found_by_the_pseudonym(study, prolific):
    done_there(prolific, study, "anna")
    there = begin_there(prolific, study, "bert", "ACTIVE")
    there.participant_id = "anna-person"
    compared = look(study)
    assert Discrepancy.TWICE in named(study, compared, "anna")
    assert Discrepancy.TWICE in named(study, compared, "bert")
    assert compared.approvable == ()
    there.status = "RETURNED"
    there.changed_at = prolific.clerk.tick()
    study.reconciliation.delete()
    assert named(study, look(study), "anna") == ()


def test_one_submission_compares_as_among_all_of_them(study, prolific):
    done_there(prolific, study, "anna")
    done_there(prolific, study, "carl", "RETURNED")
    begin_there(prolific, study, "bert", "ACTIVE").participant_id = "anna-person"
    compared = look(study)
    for submission in study.submissions.all():
        one = reconciliation.compare_one(submission, timezone.now())
        assert one.differences[submission.pk] == compared.differences[submission.pk]
    assert Discrepancy.TWICE in named(study, compared, "anna")


def test_a_visit_that_prolific_does_not_list_is_missing_after_the_next_poll(study, prolific):
    session = arrive(study, "anna", consents=False)
    type(session).objects.filter(pk=session.pk).update(created_at=timezone.now() - dt.timedelta(hours=1))
    compared = reconciliation.compare(study, timezone.now())
    assert named(study, compared, "anna") == ()
    assert named(study, look(study), "anna") == (Discrepancy.MISSING,)


def test_a_file_tells_of_all_submissions_too(study):
    AuditRecord.objects.create(act="import_submissions", study=study, actor="cora")
    assert reconciliation.listed_at(study) is not None


def test_filters_choose_and_pages_hold_fifty(study, prolific):
    for number in range(60):
        begin_there(prolific, study, f"p{number}", "APPROVED" if number % 2 else "RETURNED")
    compared = look(study)
    assert len(compared.with_discrepancy("")) == 60
    assert len(compared.with_discrepancy(reconciliation.ANY)) == len(compared.with_discrepancy("never_came")) == 30
    shown, rows = reconciliation.page_of(study, compared, "", "2")
    assert (shown.number, shown.paginator.num_pages, len(rows)) == (2, 2, 10)
    assert reconciliation.page_of(study, compared, "", "nonsense")[0].number == 1


def test_a_row_shows_what_was_asked_last(study, prolific):
    anna = done_there(prolific, study, "anna")
    submission_requests.ask(anna, "message", by="cora", text="Hello")
    asked = submission_requests.ask(anna, "approve", by="cora")
    (row,) = reconciliation.page_of(study, look(study), "", 1)[1]
    assert row.request == asked and row.is_waiting


def test_a_page_of_rows_takes_as_many_queries_as_one_row(study, prolific, django_assert_num_queries):
    for number in range(12):
        done_there(prolific, study, f"p{number}")
    compared = look(study)
    # The rows with their visits and places, what was asked of Prolific, and payments with their batches.
    with django_assert_num_queries(3):
        for row in reconciliation.page_of(study, compared, "", 1)[1]:
            _ = row.submission.session.participant.pseudonym, list(row.submission.payments.all())


def test_previews_and_simulated_visits_are_not_in_the_ledger(study):
    arrive(study, "anna", consents=False)
    visit = preview_links.enter(study, preview_links.simulated_parameters(study, 0, seed=1)[preview_links.PARAMETER])
    Submission.objects.create(study=study, submission_key=visit.submission_key, pseudonym="P1", session=visit)
    assert len(reconciliation.compare(study, timezone.now()).differences) == 1
