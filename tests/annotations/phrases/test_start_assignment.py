import datetime as dt

import pytest

from annotations.base.service_errors import AssignmentNotActive, StageMismatch, StudyNotOpen
from annotations.models import AssignmentState, EndReason, Event, StudyState, Task
from annotations.phrases import assignments
from annotations.visits import sessions
from tests.support.actors import OVAL, do_tutorial, open_study, pass_check


@pytest.fixture
def session(draft_study):
    Task.objects.create(study=draft_study, position=2, base_model=draft_study.tasks.get().base_model, target_class=OVAL)
    session = sessions.enter(open_study(draft_study), participant_id="p", study_id="s", session_id="v")
    sessions.give_consent(session)
    return pass_check(do_tutorial(session))


def test_starting_sets_the_deadline_by_the_tasks_limit(session):
    first = assignments.start(session.assignments.get(position=1))
    assert first.state == AssignmentState.ACTIVE
    assert first.deadline_at == first.first_deadline_at == first.started_at + dt.timedelta(seconds=600)


def test_starting_twice_keeps_the_clock(session):
    first = session.assignments.get(position=1)
    deadline = assignments.start(first).deadline_at
    assert assignments.start(first).deadline_at == deadline
    assert Event.objects.filter(kind="assignment_started").count() == 1


def test_tasks_come_in_their_order(session):
    first, second = session.assignments.order_by("position")
    with pytest.raises(StageMismatch):
        assignments.start(second)
    assignments.start(first)
    with pytest.raises(StageMismatch):
        assignments.start(second)
    assignments.end(first, EndReason.STUDY_CLOSED)
    assert assignments.start(second).state == AssignmentState.ACTIVE


def test_an_ended_assignment_does_not_start_again(session):
    first = assignments.start(session.assignments.get(position=1))
    assignments.end(first, EndReason.STUDY_CLOSED)
    with pytest.raises(AssignmentNotActive):
        assignments.start(first)


def test_a_closed_study_starts_nothing(session):
    study = session.study
    study.state, study.closed_at = StudyState.CLOSED, session.created_at
    study.save()
    with pytest.raises(StudyNotOpen):
        assignments.start(session.assignments.get(position=1))


def test_a_paused_study_goes_on_with_those_inside(session):
    study = session.study
    study.state = StudyState.PAUSED
    study.save()
    assert assignments.start(session.assignments.get(position=1)).state == AssignmentState.ACTIVE
