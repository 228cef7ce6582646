import threading
import uuid

import pytest
from django.db import connections, transaction

from annotations.base.service_errors import (
    CheckFailedBefore,
    CheckIncomplete,
    CheckUnchanged,
    ClientUuidReused,
    StageMismatch,
    StudyNotOpen,
)
from annotations.models import CheckAttempt, Event, Outcome, Stage
from annotations.studies.lifecycle import close_study
from annotations.visits import check_answers as comprehension
from annotations.visits import sessions
from annotations.visits.entry_verification import Browser
from tests.support.actors import RIGHT_ANSWERS, WRONG_ANSWERS, WRONG_TRIES, do_tutorial
from tests.support.locks import wait_for_a_waiting_lock


@pytest.fixture
def session(open_study):
    session = sessions.enter(open_study, participant_id="p", study_id="s", session_id="v")
    return do_tutorial(sessions.give_consent(session))


def answer(session, answers, client_uuid=None):
    return comprehension.answer(session, client_uuid=client_uuid or uuid.uuid4(), answers=answers)


def test_right_answers_lead_to_the_tasks(session):
    answer(session, RIGHT_ANSWERS)
    assert session.stage == Stage.TASKS
    assert session.assignments.count() == 1


def test_one_wrong_answer_leaves_a_second_try(session):
    attempt = answer(session, RIGHT_ANSWERS | {"split": "less"})
    assert (attempt.number, attempt.n_wrong) == (1, 1)
    assert session.stage == Stage.CHECK
    answer(session, RIGHT_ANSWERS)
    assert session.stage == Stage.TASKS
    assert Event.objects.get(kind="check_passed").payload["number"] == 2


def test_a_second_failure_is_an_outcome_of_its_own(session):
    for answers in WRONG_TRIES:
        answer(session, answers)
    session.refresh_from_db()
    assert (session.stage, session.outcome) == (Stage.NOT_PASSED, Outcome.FAILED_CHECK)
    assert session.ended_at is not None
    assert not session.assignments.exists()
    assert Event.objects.filter(kind="check_failed").count() == 1


def test_there_is_no_third_try(session):
    for answers in WRONG_TRIES:
        answer(session, answers)
    with pytest.raises(StageMismatch):
        answer(session, RIGHT_ANSWERS)
    with pytest.raises(StageMismatch):
        sessions.finish_tutorial(session)
    assert CheckAttempt.objects.count() == 2


def test_a_new_start_of_the_same_person_does_not_escape_it(session):
    for answers in WRONG_TRIES:
        answer(session, answers)
    with pytest.raises(CheckFailedBefore):
        sessions.enter(session.study, participant_id="p", study_id="s", session_id="another")
    here = Browser(visits=[session.pk])
    assert sessions.enter(session.study, participant_id="p", study_id="s", session_id="v", browser=here) == session
    assert sessions.enter(session.study, participant_id="q", study_id="s", session_id="w").stage == Stage.CONSENT


def test_the_same_form_sent_twice_is_one_try(session):
    once = uuid.uuid4()
    for _ in range(2):
        answer(session, WRONG_ANSWERS, once)
    assert session.stage == Stage.CHECK
    assert CheckAttempt.objects.count() == 1
    with pytest.raises(ClientUuidReused):
        answer(session, RIGHT_ANSWERS, once)


def test_the_same_answers_in_another_form_are_no_try(session):
    answer(session, WRONG_ANSWERS)
    with pytest.raises(CheckUnchanged):
        answer(session, WRONG_ANSWERS)
    session.refresh_from_db()
    assert session.stage == Stage.CHECK
    assert (CheckAttempt.objects.count(), Event.objects.filter(kind="check_tried").count()) == (1, 1)


@pytest.mark.parametrize("answers", [{}, {"wrong": "other"}, RIGHT_ANSWERS | {"words": "nonsense"}])
def test_an_incomplete_form_is_no_try(session, answers):
    with pytest.raises(CheckIncomplete):
        answer(session, answers)
    assert not CheckAttempt.objects.exists()


def test_a_closed_study_takes_no_answers(session):
    close_study(session.study)
    with pytest.raises(StudyNotOpen):
        answer(session, RIGHT_ANSWERS)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_are_two_tries_and_no_more(session):
    def in_a_tab(answers):
        try:
            answer(type(session).objects.get(pk=session.pk), answers)
        except (CheckUnchanged, StageMismatch):
            refused.append(1)
        finally:
            connections.close_all()

    refused = []
    tabs = [threading.Thread(target=in_a_tab, args=[answers]) for answers in 2 * WRONG_TRIES]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert (CheckAttempt.objects.count(), len(refused)) == (2, 2)
    session.refresh_from_db()
    assert session.stage == Stage.NOT_PASSED


@pytest.mark.django_db(transaction=True)
def test_a_study_that_closes_meanwhile_leaves_no_assignment_behind(session):
    def pass_it():
        try:
            answer(type(session).objects.get(pk=session.pk), RIGHT_ANSWERS)
        except StudyNotOpen:
            refused.append(1)
        finally:
            connections.close_all()

    refused = []
    tab = threading.Thread(target=pass_it)
    with transaction.atomic():
        close_study(session.study)
        tab.start()
        wait_for_a_waiting_lock()
    tab.join()
    session.refresh_from_db()
    assert (refused, session.stage) == ([1], Stage.CHECK)
    assert not session.assignments.exists()
