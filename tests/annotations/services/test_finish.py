import pytest

from annotations.models import EndReason, Event, Outcome, Stage
from annotations.services import sessions
from annotations.services.errors import StageMismatch
from tests.steps import end, move_clock, submit


def test_a_visit_whose_tasks_are_done_is_completed(alice):
    submit(alice)
    end(alice)
    sessions.finish(alice.session)
    assert (alice.session.stage, alice.session.outcome) == (Stage.FINISHED, Outcome.COMPLETED)
    assert alice.session.ended_at is not None


def test_finishing_twice_counts_once(alice):
    submit(alice)
    end(alice)
    first = sessions.finish(alice.session).ended_at
    assert sessions.finish(alice.session).ended_at == first
    assert Event.objects.filter(kind="session_finished").count() == 1


def test_a_task_that_runs_keeps_the_visit_open(alice):
    with pytest.raises(StageMismatch, match="task left"):
        sessions.finish(alice.session)


def test_a_task_whose_time_is_over_does_not(alice):
    move_clock(alice.assignment, 601)
    sessions.finish(alice.session)
    alice.assignment.refresh_from_db()
    assert alice.session.stage == Stage.FINISHED
    assert alice.assignment.end_reason == EndReason.TIME_OVER


def test_a_visit_without_tasks_yet_is_not_finished(open_study):
    session = sessions.enter(open_study, participant_id="p", study_id="s", session_id="v")
    with pytest.raises(StageMismatch):
        sessions.finish(session)
