"""Sending what was asked: once in effect, whatever happens on the way."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.models import ProlificRequest, RequestState, Submission
from annotations.prolific import site_client as prolific_client
from annotations.prolific.request_sender import call_due
from annotations.prolific.retry_schedule import MAX_TRIES
from annotations.prolific.submission_requests import ask
from annotations.prolific.submissions import reconcile
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.prolific_errors import TokenRefused
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import arrive, begin_there, call, ids, make_due, put_on_prolific, state, submission_of
from worker.prolific import send_due_requests
from worker.tasks import outside

REASON = "You answered every question in under a second, and none of the phrases describes anything that can be seen."
DONE, FAILED, PENDING = RequestState.DONE, RequestState.FAILED, RequestState.PENDING


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


def came(study, prolific, name, status="AWAITING REVIEW"):
    """Somebody who is known on both sides: the submission here, and the one there."""
    there = begin_there(prolific, study, name, status)
    arrive(study, name, consents=False)
    prolific.calls.clear()
    return submission_of(study, name), there


@pytest.mark.parametrize(
    ("act", "detail", "before", "after"),
    [
        ("approve", {}, "AWAITING REVIEW", "APPROVED"),
        ("complete", {}, "ACTIVE", "AWAITING REVIEW"),
        ("complete", {}, "TIMED-OUT", "AWAITING REVIEW"),
        ("screen_out", {"reason": "Screen too small."}, "AWAITING REVIEW", "SCREENED OUT"),
        ("reject", {"message": REASON, "category": "LOW_EFFORT"}, "AWAITING REVIEW", "REJECTED"),
        ("unreject", {"reason": "They wrote that the page froze."}, "REJECTED", "AWAITING REVIEW"),
    ],
)
def test_what_was_asked_happens_there_and_shows_here_at_once(study, prolific, act, detail, before, after):
    here, there = came(study, prolific, "anna", before)
    request = ask(here, act, by="cora", **detail)
    assert call() == 1
    assert (state(request), there.status) == (DONE, after)
    here.refresh_from_db()
    assert here.status == after


def test_a_return_is_asked_for_and_a_message_is_sent(study, prolific):
    here, there = came(study, prolific, "anna")
    ask(here, "request_return", by="cora", reason="No phrases.")
    ask(here, "message", by="cora", text="Thank you!")
    assert call() == 2
    assert there.return_requested
    assert prolific.clerk.messages == [
        {"recipient_id": ids("anna", study).participant, "study_id": study.external_study_id, "body": "Thank you!"}
    ]


def test_many_approvals_are_one_call_and_done_once_prolific_says_so(study, prolific):
    people = [came(study, prolific, f"p{i}") for i in range(5)]
    requests = [ask(here, "approve", by="cora") for here, _there in people]
    assert call() == 0
    assert prolific.paths("POST") == ["/submissions/bulk-approve/"]
    assert {state(request) for request in requests} == {PENDING}
    assert call() == 0 and len(prolific.calls) == 1  # not due yet
    prolific.clerk.run_jobs()
    prolific.clerk.tick()
    reconcile(study, prolific_client.client())
    assert {state(request) for request in requests} == {DONE}


def test_a_bulk_approval_that_nobody_heard_of_again_is_looked_at_one_by_one(study, prolific):
    people = [came(study, prolific, f"p{i}") for i in range(3)]
    requests = [ask(here, "approve", by="cora") for here, _there in people]
    call()
    prolific.clerk.run_jobs()
    make_due()
    assert call() == 3
    assert {state(request) for request in requests} == {DONE}
    assert prolific.paths("POST") == ["/submissions/bulk-approve/"]  # looked at, and not asked again


def test_one_that_cannot_be_approved_does_not_keep_the_others(study, prolific):
    people = [came(study, prolific, f"p{i}") for i in range(3)]
    people[1][1].status = "RETURNED"
    requests = [ask(here, "approve", by="cora") for here, _there in people]
    assert call() == 2
    assert [state(request) for request in requests] == [DONE, FAILED, DONE]
    assert "cannot go from RETURNED to APPROVED" in requests[1].last_error
    assert "p1-visit" not in requests[1].last_error


def test_what_is_in_effect_already_is_done(study, prolific):
    """Somebody approved it on Prolific's page: the transition is refused, and that is fine."""
    here, _there = came(study, prolific, "anna", "APPROVED")
    request = ask(here, "approve", by="cora")
    assert call() == 1 and state(request) == DONE


def test_an_answer_that_was_lost_is_no_second_act(study, prolific):
    here, there = came(study, prolific, "anna")
    request = ask(here, "approve", by="cora")
    prolific.meet(Trouble(is_lost=True))
    assert call() == 0
    assert (state(request), there.status) == (PENDING, "APPROVED")
    assert "did not answer" in request.last_error
    make_due()
    assert call() == 1 and state(request) == DONE
    assert len(prolific.paths("POST")) == 1


def test_waits_grow_and_end(study, prolific):
    here, _there = came(study, prolific, "anna")
    request = ask(here, "approve", by="cora")
    waits = []
    for _ in range(MAX_TRIES):
        prolific.meet(*[Trouble(503)] * 3)  # a look is tried three times, an act once
        make_due()
        before = timezone.now()
        call()
        prolific.trouble.clear()
        state(request)
        waits.append(round((request.due_at - before).total_seconds()))
    assert waits[:4] == [20, 40, 80, 160]
    assert state(request) == FAILED and "503" in request.last_error


def test_a_wait_that_prolific_names_is_kept(study, prolific):
    here, _there = came(study, prolific, "anna")
    request = ask(here, "approve", by="cora")
    prolific.meet(Trouble(429, {"Retry-After": "120"}))
    before = timezone.now()
    call()
    assert state(request) == PENDING
    assert request.due_at - before >= dt.timedelta(seconds=120)


@pytest.mark.parametrize("trouble", [Trouble(is_lost=True), Trouble(500)])
def test_a_message_that_may_have_been_sent_is_not_sent_again(study, prolific, trouble):
    here, _there = came(study, prolific, "anna")
    request = ask(here, "message", by="cora", text="Thank you!")
    prolific.meet(trouble)
    call()
    assert state(request) == FAILED and "may still have received it" in request.last_error


def test_a_message_that_surely_was_not_sent_is_tried_again(study, prolific):
    here, _there = came(study, prolific, "anna")
    request = ask(here, "message", by="cora", text="Thank you!")
    prolific.meet(*[Trouble(429)] * 3)
    call()
    assert state(request) == PENDING
    make_due()
    assert call() == 1
    assert len(prolific.clerk.messages) == 1


def test_a_worker_that_dies_leaves_the_request_due_again(study, prolific, monkeypatch):
    here, there = came(study, prolific, "anna")
    request = ask(here, "approve", by="cora")
    with monkeypatch.context() as dying:
        dying.setattr(Prolific, "transition", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            call()
    assert state(request) == PENDING and request.attempts == 1
    assert call() == 0  # not before its lease is over
    make_due()
    assert call() == 1 and there.status == "APPROVED"


def test_a_message_whose_worker_died_is_left_to_the_coordinator(study, prolific, monkeypatch):
    here, _there = came(study, prolific, "anna")
    request = ask(here, "message", by="cora", text="Thank you!")
    ProlificRequest.objects.update(attempts=1)
    call()
    assert state(request) == FAILED and "may still have received it" in request.last_error
    assert prolific.clerk.messages == []


def test_a_message_whose_worker_died_at_its_second_try_is_left_to_the_coordinator_too(study, prolific, monkeypatch):
    here, _there = came(study, prolific, "anna")
    request = ask(here, "message", by="cora", text="Thank you!")
    prolific.meet(*[Trouble(429)] * 3)
    call()
    assert "429" in (state(request) and request.last_error)
    make_due()
    with monkeypatch.context() as dying:
        dying.setattr(Prolific, "send_message", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            call()
    make_due()
    assert call() == 0
    assert state(request) == FAILED and "may still have received it" in request.last_error


def test_a_token_that_is_refused_makes_all_wait_and_none_fail(study, prolific, settings, caplog):
    requests = []
    for name in ("anna", "bert"):
        here, _there = came(study, prolific, name, "ACTIVE")
        requests.append(ask(here, "complete", by="cora"))
    settings.PROLIFIC_TOKEN = "an-old-token"
    with pytest.raises(TokenRefused):
        call()
    assert len(prolific.calls) == 1
    assert [(state(request), request.attempts) for request in requests] == [(PENDING, 0)] * 2
    assert requests[0].last_error == ""
    make_due()
    assert send_due_requests() == 0
    assert "requests to Prolific are on hold" in caplog.text
    settings.PROLIFIC_TOKEN = prolific.token
    make_due()
    outside.call_prolific()
    assert {state(request) for request in requests} == {DONE}


def test_a_worker_without_a_token_leaves_them(study, prolific, settings):
    here, _there = came(study, prolific, "anna")
    request = ask(here, "approve", by="cora")
    settings.PROLIFIC_TOKEN = ""
    assert send_due_requests() == 0 and state(request) == PENDING and request.attempts == 0


def test_a_person_erased_meanwhile_is_not_asked_about(study, prolific):
    people = [came(study, prolific, name) for name in ("anna", "bert")]
    requests = [ask(here, "approve", by="cora") for here, _there in people]
    Submission.objects.filter(pk=people[0][0].pk).update(sealed_ids=None)
    call()
    assert [state(request) for request in requests] == [FAILED, PENDING]
    assert "erased" in requests[0].last_error
    assert prolific.calls[0].body == {"submission_ids": ["bert-visit"]}


def test_a_turn_ends_and_the_rest_is_left_as_it_was(study, prolific):
    for name in ("anna", "bert", "carl"):
        here, _there = came(study, prolific, name, "ACTIVE")
        ask(here, "complete", by="cora")
    ProlificRequest.objects.update(attempts=1, last_error="Prolific is busy (429).")
    seconds = iter([0.0, 0.0, 1.0, 99.0, 99.0, 99.0])
    assert call_due(prolific_client.client(), clock=lambda: next(seconds)) == 1
    left = ProlificRequest.objects.filter(state=PENDING, due_at__lte=timezone.now())
    assert [(request.attempts, request.last_error) for request in left] == [(1, "Prolific is busy (429).")] * 2
