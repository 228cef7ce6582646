from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from annotations.models import Assignment, AssignmentState, Event, Stage, Task
from annotations.services import sessions, studies
from annotations.services.errors import StageMismatch, StudyNotOpen
from tests.actors import OVAL, open_study
from tests.annotations.services.locks import wait_for_a_waiting_lock


@pytest.fixture
def session(draft_study):
    Task.objects.create(study=draft_study, position=2, base_model=draft_study.tasks.get().base_model, target_class=OVAL)
    study = open_study(draft_study)
    return sessions.enter(study, participant_id="p", study_id="s", session_id="v")


def test_after_the_tutorial_there_is_one_waiting_assignment_a_task(session):
    sessions.give_consent(session)
    sessions.finish_tutorial(session)
    made = session.assignments.order_by("position")
    assert session.stage == Stage.TASKS
    assert [(each.position, each.task.position, each.state) for each in made] == [
        (1, 1, AssignmentState.WAITING),
        (2, 2, AssignmentState.WAITING),
    ]


def test_a_tutorial_finished_twice_makes_assignments_once(session):
    sessions.give_consent(session)
    sessions.finish_tutorial(session)
    sessions.finish_tutorial(session)
    assert session.assignments.count() == 2
    assert Event.objects.filter(kind="tutorial_done").count() == 1


def test_the_tutorial_comes_after_consent(session):
    with pytest.raises(StageMismatch):
        sessions.finish_tutorial(session)
    assert not session.assignments.exists()


def test_who_declined_sees_no_task(session):
    sessions.decline(session)
    with pytest.raises(StageMismatch):
        sessions.finish_tutorial(session)


@pytest.mark.django_db(transaction=True)
def test_a_tutorial_that_ends_while_its_study_closes_leaves_no_assignment_behind(session):
    sessions.give_consent(session)

    def finish_tutorial() -> None:
        try:
            sessions.finish_tutorial(session)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            studies.close_study(session.study)
            finishing = pool.submit(finish_tutorial)
            wait_for_a_waiting_lock()
        with pytest.raises(StudyNotOpen):
            finishing.result()
    assert not Assignment.objects.exists()
