import pytest

from annotations.base.service_errors import StageMismatch, StudyNotOpen
from annotations.models import Consent, Event, Outcome, Stage, StudyState
from annotations.visits import sessions
from tests.support.actors import do_tutorial


@pytest.fixture
def session(open_study):
    return sessions.enter(open_study, participant_id="p", study_id="s", session_id="v")


def test_consent_leads_to_the_tutorial(session):
    sessions.give_consent(session)
    assert session.stage == Stage.TUTORIAL
    assert session.consented_at is not None


def test_consent_given_twice_counts_once(session):
    first = sessions.give_consent(session).consented_at
    assert sessions.give_consent(session).consented_at == first
    assert Event.objects.filter(kind="consent_given").count() == 1


def test_declining_ends_the_visit_without_consent(session):
    sessions.decline(session)
    sessions.decline(session)
    assert (session.stage, session.outcome) == (Stage.DECLINED, Outcome.NO_CONSENT)
    assert session.ended_at is not None
    assert Event.objects.filter(kind="consent_declined").count() == 1


def test_declining_is_final(session):
    sessions.decline(session)
    with pytest.raises(StageMismatch):
        sessions.give_consent(session)


def test_consent_cannot_be_declined_afterwards(session):
    sessions.give_consent(session)
    with pytest.raises(StageMismatch):
        sessions.decline(session)


def test_a_stale_page_does_not_undo_what_another_tab_did(session):
    stale = type(session).objects.get(pk=session.pk)
    sessions.give_consent(session)
    do_tutorial(session)
    assert sessions.give_consent(stale).stage == Stage.CHECK


@pytest.mark.parametrize(("answer", "agreed"), [(sessions.give_consent, True), (sessions.decline, False)])
def test_the_answer_is_stored_with_its_text_version_and_time(session, answer, agreed):
    session.study.consent_text = "changed behind everybody's back"
    session.study.save()
    answer(session)
    answer(session)
    consent = Consent.objects.get()
    assert consent.agreed is agreed
    assert (consent.text, consent.version) == (session.configuration.data["study"]["consent_text"], 1)
    assert consent.answered_at == (session.consented_at if agreed else session.ended_at)


def test_a_closed_study_takes_no_consent(session):
    session.study.state = StudyState.CLOSED
    session.study.closed_at = session.created_at
    session.study.save()
    with pytest.raises(StudyNotOpen, match="closed"):
        sessions.give_consent(session)


@pytest.mark.parametrize("answer", [sessions.give_consent, sessions.decline])
def test_the_text_is_stored_in_the_language_in_which_it_was_shown(session, answer):
    session.configuration.data["study"]["translations"] = {"de": {"consent_text": "Sind Sie einverstanden?"}}
    answer(session, "de")
    consent = Consent.objects.get()
    assert (consent.text, consent.language) == ("Sind Sie einverstanden?", "de")


def test_a_text_that_was_not_translated_is_stored_as_what_it_is(session):
    session.configuration.data["study"]["translations"] = {}
    sessions.give_consent(session, "de")
    consent = Consent.objects.get()
    assert (consent.text, consent.language) == (session.configuration.data["study"]["consent_text"], "en")
