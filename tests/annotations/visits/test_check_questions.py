"""What the comprehension check asks."""

import uuid

import pytest

from annotations.models import AnnotationSession, CheckAttempt
from annotations.visits.check_questions import QUESTIONS, check
from tests.support.actors import RIGHT_ANSWERS, WRONG_ANSWERS


@pytest.fixture
def session(alice):
    CheckAttempt.objects.all().delete()
    return alice.session


def tried(session, answers):
    CheckAttempt.objects.create(session=session, client_uuid=uuid.uuid4(), number=1, answers=answers, n_wrong=1)


def test_every_right_answer_is_an_option_and_every_wrong_one_in_these_tests_is_wrong():
    assert all(question.has_option(question.right) for question in QUESTIONS)
    assert all(WRONG_ANSWERS[question.name] != question.right for question in QUESTIONS)


def test_the_order_of_options_is_the_visits_own_and_stays(session):
    def order(seed):
        AnnotationSession.objects.update(seed=seed)
        session.refresh_from_db()
        return [[str(option.text) for option in asked.options] for asked in check(session).asked]

    assert order(1) == order(1)
    assert len({str(order(seed)) for seed in range(8)}) > 1


def test_before_the_first_try_nothing_is_chosen_and_nothing_judged(session):
    shown = check(session)
    assert shown.number == 1
    assert {asked.was_wrong for asked in shown.asked} == {None}
    assert not any(option.is_chosen for asked in shown.asked for option in asked.options)


def test_after_a_try_each_answer_is_shown_and_judged(session):
    tried(session, RIGHT_ANSWERS | {"words": "class"})
    shown = check(session)
    assert (shown.number, shown.n_wrong) == (2, 1)
    assert [asked.was_wrong for asked in shown.asked] == [False, True, False]
    chosen = [option.text for asked in shown.asked for option in asked.options if option.is_chosen]
    keys = (RIGHT_ANSWERS["wrong"], "class", RIGHT_ANSWERS["split"])
    assert chosen == [dict(question.options)[key] for question, key in zip(QUESTIONS, keys, strict=True)]
