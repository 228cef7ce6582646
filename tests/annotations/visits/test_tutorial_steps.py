import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from annotations.base.service_errors import (
    ClientUuidReused,
    PhraseRefused,
    PracticeNotDone,
    StageMismatch,
    StudyNotOpen,
    TooManyPhrases,
)
from annotations.models import Assignment, AssignmentState, Event, PracticePhrase, Stage, Task
from annotations.studies import lifecycle
from annotations.visits import sessions
from annotations.visits import tutorial_steps as tutorial
from tests.support.actors import OVAL, do_tutorial, open_study, practise
from tests.support.locks import wait_for_a_waiting_lock


@pytest.fixture
def session(draft_study):
    Task.objects.create(study=draft_study, position=2, base_model=draft_study.tasks.get().base_model, target_class=OVAL)
    draft_study.comprehension_check = False
    draft_study.save()
    study = open_study(draft_study)
    return sessions.enter(study, participant_id="p", study_id="s", session_id="v")


def test_after_the_tutorial_there_is_one_waiting_assignment_a_task(session):
    do_tutorial(sessions.give_consent(session))
    made = session.assignments.order_by("position")
    assert session.stage == Stage.TASKS
    assert [(each.position, each.task.position, each.state) for each in made] == [
        (1, 1, AssignmentState.WAITING),
        (2, 2, AssignmentState.WAITING),
    ]


def test_in_a_study_with_a_check_it_comes_first(session):
    session.study.comprehension_check = True
    do_tutorial(sessions.give_consent(session))
    assert session.stage == Stage.CHECK
    assert session.tutorial_done_at is not None
    assert not session.assignments.exists()


def test_a_tutorial_finished_twice_makes_assignments_once(session):
    do_tutorial(sessions.give_consent(session))
    sessions.finish_tutorial(session)
    assert session.assignments.count() == 2
    assert Event.objects.filter(kind="tutorial_done").count() == 1


@pytest.mark.parametrize("texts", [(), ("fluffy",), ("large", "tilted")])
def test_reading_alone_does_not_finish_it(session, texts):
    sessions.give_consent(session)
    practise(session, *texts)
    with pytest.raises(PracticeNotDone):
        sessions.finish_tutorial(session)
    assert session.stage == Stage.TUTORIAL


def test_the_tutorial_comes_after_consent(session):
    with pytest.raises(StageMismatch):
        sessions.finish_tutorial(session)
    assert not session.assignments.exists()


def test_who_declined_sees_no_task(session):
    sessions.decline(session)
    with pytest.raises(StageMismatch):
        sessions.finish_tutorial(session)


def test_only_a_wrong_picture_is_what_was_asked_for(session):
    sessions.give_consent(session)
    assert not tutorial.look(session, 3)
    assert session.looked_at is None
    assert tutorial.look(session, 13)
    first = session.looked_at
    assert tutorial.look(session, 14)
    assert session.looked_at == first is not None


def test_what_is_tried_is_stored_with_its_score(session):
    practise(sessions.give_consent(session), "fluffy", "stripes")
    rows = PracticePhrase.objects.values_list("ordinal", "text", "value")
    assert list(rows) == [(1, "fluffy", None), (2, "stripes", pytest.approx(0.8))]


def test_one_uuid_is_one_phrase(session):
    practise(sessions.give_consent(session))
    once = uuid.uuid4()
    for _ in range(2):
        tutorial.try_phrase(session, client_uuid=once, text="stripes")
    assert PracticePhrase.objects.count() == 1
    with pytest.raises(ClientUuidReused):
        tutorial.try_phrase(session, client_uuid=once, text="green")


def test_a_phrase_is_refused_as_in_a_task(session):
    practise(sessions.give_consent(session))
    with pytest.raises(PhraseRefused):
        practise(session, "?!")


def test_a_phrase_comes_after_the_look(session):
    sessions.give_consent(session)
    with pytest.raises(StageMismatch):
        tutorial.try_phrase(session, client_uuid=uuid.uuid4(), text="stripes")


def test_a_phrase_after_the_tutorial_is_refused(session):
    do_tutorial(sessions.give_consent(session))
    with pytest.raises(StageMismatch):
        practise(session, "green")


def test_practice_has_an_end(session, monkeypatch):
    monkeypatch.setattr(tutorial, "MAX_PRACTICE_PHRASES", 2)
    practise(sessions.give_consent(session), "stripes", "green")
    with pytest.raises(TooManyPhrases):
        practise(session, "green")


@pytest.mark.django_db(transaction=True)
def test_a_tutorial_that_ends_while_its_study_closes_leaves_no_assignment_behind(session):
    practise(sessions.give_consent(session), "tilted", "stripes")

    def finish_tutorial() -> None:
        try:
            sessions.finish_tutorial(session)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lifecycle.close_study(session.study)
            finishing = pool.submit(finish_tutorial)
            wait_for_a_waiting_lock()
        with pytest.raises(StudyNotOpen):
            finishing.result()
    assert not Assignment.objects.exists()
