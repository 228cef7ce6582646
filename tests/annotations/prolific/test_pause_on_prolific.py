"""Pausing, resuming and closing on Prolific too: what was asked last is what shall be, whatever happens on the way."""

import datetime as dt

import pytest
from django.utils import timezone

from annotations.base.service_errors import NoProlificToken, NotPossible
from annotations.models import AuditRecord, ProlificRequest, RequestState, StudyOnProlific, StudyState
from annotations.prolific import recruitment, status_comparison, study_status
from annotations.prolific.retry_schedule import MAX_TRIES
from annotations.prolific.submissions import Effect
from annotations.prolific_client.client import Prolific
from annotations.studies import lifecycle
from tests.fake_prolific.server import Trouble
from tests.support.prolific_steps import THERE, call, make_due, put_on_prolific, state

DONE, FAILED, PENDING = RequestState.DONE, RequestState.FAILED, RequestState.PENDING


@pytest.fixture
def study(open_study, prolific):
    return put_on_prolific(open_study, prolific)


@pytest.fixture
def there(study, prolific):
    return prolific.clerk.studies[THERE]


def asked(study):
    """What was asked last."""
    return status_comparison.newest_request(study)


def die(*args):
    raise KeyboardInterrupt


def test_a_study_is_paused_resumed_and_closed_on_both_sides(study, there):
    for act, here, word in (
        (lifecycle.pause_study, StudyState.PAUSED, "PAUSED"),
        (lifecycle.resume_study, StudyState.ACTIVE, "ACTIVE"),
        (lifecycle.close_study, StudyState.CLOSED, "AWAITING REVIEW"),
    ):
        act(study, by="cora", on_prolific=True)
        assert call() == 1
        assert (study.state, there.status, StudyOnProlific.objects.get().status) == (here, word, word)
    records = AuditRecord.objects.filter(study=study, act__startswith="prolific_").order_by("pk")
    assert list(records.values_list("act", "actor")) == [
        ("prolific_pause_study", "cora"),
        ("prolific_done", "system"),
        ("prolific_start_study", "cora"),
        ("prolific_done", "system"),
        ("prolific_stop_study", "cora"),
        ("prolific_done", "system"),
    ]
    assert THERE not in str(list(records.values_list("subject", "reason", "detail")))


def test_a_study_is_paused_here_alone_where_nobody_asked_for_more(study, there):
    lifecycle.pause_study(study, by="cora")
    assert call() == 0 and there.status == "ACTIVE" and asked(study) is None


@pytest.mark.parametrize(
    ("change", "error"), [({"token": ""}, NoProlificToken), ({"external_study_id": ""}, NotPossible)]
)
def test_what_cannot_be_asked_for_is_not_done_here_either(study, settings, change, error):
    settings.PROLIFIC_TOKEN = change.get("token", settings.PROLIFIC_TOKEN)
    study.external_study_id = change.get("external_study_id", THERE)
    study.save()
    with pytest.raises(error):
        lifecycle.pause_study(study, by="cora", on_prolific=True)
    study.refresh_from_db()
    assert study.state == StudyState.ACTIVE and not ProlificRequest.objects.exists()


def test_what_stands_so_already_is_done(study, there):
    there.status = "PAUSED"
    lifecycle.pause_study(study, on_prolific=True)
    assert call() == 1 and asked(study).state == DONE


def test_a_refusal_says_why_and_stands_in_the_audit_log(study, there):
    there.status = "UNPUBLISHED"
    lifecycle.pause_study(study, on_prolific=True)
    assert call() == 0
    request = asked(study)
    assert request.state == FAILED and "cannot go from UNPUBLISHED to PAUSED" in request.last_error
    assert THERE not in request.last_error
    assert AuditRecord.objects.get(act="prolific_failed").reason == request.last_error
    assert study.state == StudyState.PAUSED  # here it is paused all the same


def test_a_prolific_that_is_busy_is_asked_again_when_it_said(study, prolific, there):
    lifecycle.pause_study(study, on_prolific=True)
    prolific.meet(Trouble(429, {"Retry-After": "120"}))
    before = timezone.now()
    assert call() == 0
    request = asked(study)
    assert request.state == PENDING and (request.due_at - before).total_seconds() >= 120
    make_due()
    assert call() == 1 and there.status == "PAUSED"


def test_an_answer_that_was_lost_is_no_second_act(study, prolific, there):
    lifecycle.pause_study(study, on_prolific=True)
    prolific.meet(Trouble(is_lost=True))
    assert call() == 0 and there.status == "PAUSED"
    make_due()
    assert call() == 1
    assert len(prolific.paths("POST")) == 1


def test_a_prolific_that_stays_away_ends_in_a_reason(study, prolific):
    lifecycle.pause_study(study, on_prolific=True)
    for _ in range(MAX_TRIES):
        prolific.meet(*[Trouble(503)] * 3)
        make_due()
        call()
        prolific.trouble.clear()
    assert asked(study).state == FAILED and "503" in asked(study).last_error


def test_a_worker_that_dies_leaves_the_request_due_again(study, there, monkeypatch):
    lifecycle.pause_study(study, on_prolific=True)
    with monkeypatch.context() as dying:
        dying.setattr(Prolific, "transition_study", die)
        with pytest.raises(KeyboardInterrupt):
            call()
    assert asked(study).state == PENDING and call() == 0  # not before its lease is over
    make_due()
    assert call() == 1 and there.status == "PAUSED"


def test_a_double_click_asks_once(study):
    assert recruitment.ask(study, "pause_study", by="cora") == recruitment.ask(study, "pause_study", by="d")
    assert AuditRecord.objects.filter(act="prolific_pause_study").count() == 1


def test_what_was_not_tried_yet_gives_way_to_what_is_asked_next(study, there):
    pause = recruitment.ask(study, "pause_study", by="cora")
    recruitment.ask(study, "start_study", by="cora")
    assert state(pause) == FAILED and pause.last_error == recruitment.SUPERSEDED
    assert call() == 1 and there.status == "ACTIVE"


def test_what_waits_for_its_next_try_gives_way_too(study, prolific, there):
    pause = recruitment.ask(study, "pause_study", by="cora")
    prolific.meet(Trouble(503))
    call()
    recruitment.ask(study, "start_study", by="cora")
    assert state(pause) == FAILED and call() == 1 and there.status == "ACTIVE"


def test_what_may_be_on_the_line_goes_first_and_is_not_repeated(study, there, monkeypatch):
    """The worker of the pause was killed, or is slow: the start waits for it, so that no late pause undoes it."""
    pause = recruitment.ask(study, "pause_study", by="cora")
    with monkeypatch.context() as dying:
        dying.setattr(Prolific, "transition_study", die)
        with pytest.raises(KeyboardInterrupt):
            call()
    start = recruitment.ask(study, "start_study", by="cora")
    assert call() == 0 and (state(pause), state(start)) == (PENDING, PENDING)
    ProlificRequest.objects.filter(pk=pause.pk).update(due_at=timezone.now())
    there.status = "PAUSED"
    assert call() == 1
    assert (state(pause), pause.last_error) == (FAILED, recruitment.SUPERSEDED)
    assert state(start) == DONE and there.status == "ACTIVE"


def test_a_try_that_ends_after_something_else_was_asked_is_the_last(study, prolific, there, monkeypatch):
    pause = recruitment.ask(study, "pause_study", by="cora")
    prolific.meet(Trouble(503))
    transition = Prolific.transition_study

    def ask_meanwhile(self, *args):
        monkeypatch.undo()
        recruitment.ask(study, "start_study", by="dora")
        transition(self, *args)

    monkeypatch.setattr(Prolific, "transition_study", ask_meanwhile)
    call()
    assert (state(pause), pause.last_error) == (FAILED, recruitment.SUPERSEDED)


def test_the_newest_word_by_prolifics_clock_stands(study, prolific):
    later = prolific.clerk.tick()
    assert study_status.note_status(study, "paused", later) == Effect.APPLIED
    assert study_status.note_status(study, "ACTIVE", later - dt.timedelta(seconds=1)) == Effect.OLDER
    assert status_comparison.standing(study).status == "PAUSED"
    study.external_study_id = "another-one"
    study.save()
    assert status_comparison.standing(study) is None  # it was said of the other


def test_word_of_it_has_a_request_looked_at_at_once(study, prolific, there):
    pause = recruitment.ask(study, "pause_study", by="cora")
    prolific.meet(Trouble(503))
    call()
    there.status = "PAUSED"
    assert call() == 0
    study_status.note_status(study, "PAUSED", prolific.clerk.tick())
    assert call() == 1 and state(pause) == DONE


def test_what_can_be_asked_goes_by_prolifics_word(study, prolific):
    assert len(study_status.allowed_actions(study)) == 3  # nothing is known
    for status, acts in {
        "ACTIVE": {"pause_study", "stop_study"},
        "PAUSED": {"start_study", "stop_study"},
        "COMPLETED": set(),
    }.items():
        study_status.note_status(study, status, prolific.clerk.tick())
        assert set(study_status.allowed_actions(study)) == acts
