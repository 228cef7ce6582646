"""A study from the first link to the last approval, with a Prolific at the other end and pages and workers at ours."""

import pytest
from django.test import Client

from annotations.models import AllocationState, AnnotationSession, EntryVerification, Reconciliation, RequestState
from annotations.phrases import assignments
from annotations.prolific.submission_requests import ask
from annotations.visits import sessions
from tests.fake_prolific.records import Hook
from tests.support.actors import Visit, client_of
from tests.support.prolific_steps import arrive, begin_there, ids, put_on_prolific, submission_of
from tests.support.steps import end, submit
from worker.tasks import outside


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


def deliver(hook: Hook) -> str:
    headers = {name.lower(): value for name, value in hook.headers.items()}
    answer = Client().post("/prolific/webhook", hook.body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    return str(answer.json()["effect"])


def come_by_the_link(study, name, **more) -> AnnotationSession:
    known = ids(name, study)
    link = {"PROLIFIC_PID": known.participant, "STUDY_ID": known.study, "SESSION_ID": known.session, **more}
    response = Client().post(f"/study/{study.slug}/start", link)
    assert response.status_code == 303, response.content
    session = submission_of(study, name).session
    assert session is not None
    return session


def do_everything(session: AnnotationSession) -> AnnotationSession:
    """One phrase in the one task, and the end."""
    assignment = assignments.start(session.assignments.get())
    visit = Visit(session, assignment, client_of(session), {})
    submit(visit, "red")
    end(visit)
    return sessions.finish(session)


def test_how_sure_it_is_that_somebody_comes_from_there(study, prolific, settings):
    for name in ("anna", "bert", "carl"):
        begin_there(prolific, study, name)
    signed = {settings.PROLIFIC_LINK_TOKEN_PARAMETER: prolific.link_token("anna-visit")}
    assert come_by_the_link(study, "anna", **signed).verification == EntryVerification.SIGNED
    assert come_by_the_link(study, "bert").verification == EntryVerification.CONFIRMED
    settings.PROLIFIC_TOKEN = ""
    assert come_by_the_link(study, "carl").verification == EntryVerification.UNVERIFIED


def test_done_here_redirect_lost_completed_by_the_researcher_and_approved(study, prolific):
    there = begin_there(prolific, study, "anna")
    session = do_everything(arrive(study, "anna"))
    session.allocation.refresh_from_db()
    assert session.allocation.state == AllocationState.COMPLETED
    outside.reconcile_submissions()
    here = submission_of(study, "anna")
    assert here.status == "ACTIVE"  # done here, and nobody told Prolific
    ask(here, "complete", by="cora")
    outside.call_prolific()
    assert (there.status, there.entered_code) == ("AWAITING REVIEW", "RESEARCH")
    ask(here, "approve", by="cora")
    outside.call_prolific()
    here.refresh_from_db()
    assert (there.status, here.status, here.entered_code) == ("APPROVED", "APPROVED", "RESEARCH")
    assert {deliver(hook) for hook in prolific.clerk.hooks} <= {"applied", "older"}
    here.refresh_from_db()
    assert here.status == "APPROVED"


def test_timed_out_there_and_completed_late_here(study, prolific):
    there = begin_there(prolific, study, "anna")
    session = arrive(study, "anna")
    assert deliver(prolific.clerk.move(there, "TIMED-OUT")) == "applied"
    session.allocation.refresh_from_db()
    assert session.allocation.state == AllocationState.RELEASED
    session = do_everything(session)
    assert session.is_late and session.outcome == "completed"
    assert deliver(prolific.clerk.move(there, "AWAITING REVIEW")) == "applied"


def test_who_returned_before_coming_here_is_in_the_ledger_all_the_same(study, prolific):
    there = begin_there(prolific, study, "anna")
    assert deliver(prolific.clerk.move(there, "RETURNED")) == "unknown_submission"
    outside.reconcile_submissions()
    here = submission_of(study, "anna")
    assert (here.status, here.session) == ("RETURNED", None)
    assert Reconciliation.objects.get().n_submissions == 1


def test_sixty_people_are_approved_in_one_call(study, prolific):
    for i in range(60):
        begin_there(prolific, study, f"p{i}", "AWAITING REVIEW")
    outside.reconcile_submissions()
    requests = [ask(submission_of(study, f"p{i}"), "approve", by="cora") for i in range(60)]
    outside.call_prolific()
    assert prolific.paths("POST") == ["/submissions/bulk-approve/"]
    prolific.clerk.run_jobs()
    for hook in reversed(prolific.clerk.hooks):
        deliver(hook)
    for request in requests:
        request.refresh_from_db()
    assert {request.state for request in requests} == {RequestState.DONE}
