import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from annotations.base.service_errors import LinkIncomplete, StudyNotFound, StudyNotOpen
from annotations.log import identities
from annotations.log.identities import key_of, pseudonym
from annotations.models import AnnotationSession, Event, Participant, Stage, StudyState, Submission
from annotations.models.seals import seal
from annotations.visits import sessions

LINK: dict[str, Any] = {"participant_id": "5f1b", "study_id": "64a0", "session_id": "77c2"}


def test_a_link_makes_a_visit_at_consent(open_study):
    session = sessions.enter(open_study, **LINK)
    assert session.stage == Stage.CONSENT
    assert session.configuration == open_study.configurations.get()
    submission = Submission.objects.get()
    ids = identities.unseal(open_study, session.participant.pseudonym, submission.sealed_ids)
    assert tuple(ids.values()) == tuple(LINK.values())


def test_the_same_link_is_the_same_visit(open_study):
    assert sessions.enter(open_study, **LINK) == sessions.enter(open_study, **LINK)
    assert Participant.objects.count() == AnnotationSession.objects.count() == Submission.objects.count() == 1


def test_another_visit_of_the_same_person_is_the_same_participant(open_study):
    first = sessions.enter(open_study, **LINK)
    second = sessions.enter(open_study, **{**LINK, "session_id": "other"})
    assert first != second
    assert first.participant == second.participant


def test_a_pseudonym_is_made_with_the_studys_key(open_study):
    session = sessions.enter(open_study, **LINK)
    digest = hmac.new(key_of(open_study), b"5f1b", hashlib.sha256)
    assert session.participant.pseudonym[0] == "P"
    assert len(session.participant.pseudonym) == len(session.submission_key) == 13
    assert session.submission_key[0] == "S"
    assert pseudonym(open_study, "P", "5f1b") == session.participant.pseudonym
    open_study.sealed_pseudonym_key = seal(digest.hexdigest().encode())
    assert pseudonym(open_study, "P", "5f1b") != session.participant.pseudonym


def test_outside_ids_are_in_the_entry_alone(open_study):
    session = sessions.enter(open_study, **LINK)
    shown = [str(vars(row)) for row in (session, session.participant, *Event.objects.all())]
    assert not [text for text in shown for outside_id in LINK.values() if outside_id in text]


@pytest.mark.parametrize("parameter", LINK)
@pytest.mark.parametrize("value", ["", "  ", "x" * 65, "{{%PROLIFIC_PID%}}", "a b", "é"])
def test_a_missing_or_malformed_id_is_refused(open_study, parameter, value):
    with pytest.raises(LinkIncomplete):
        sessions.enter(open_study, **{**LINK, parameter: value})
    assert not AnnotationSession.objects.exists()


def test_white_space_around_an_id_is_no_part_of_it(open_study):
    spaced = {name: f" {value}\n" for name, value in LINK.items()}
    assert sessions.enter(open_study, **spaced) == sessions.enter(open_study, **LINK)


def test_a_visit_cannot_be_taken_over_by_another_participant(open_study):
    sessions.enter(open_study, **LINK)
    with pytest.raises(LinkIncomplete, match="another person"):
        sessions.enter(open_study, **{**LINK, "participant_id": "mallory"})


def test_a_link_of_another_study_is_refused(open_study):
    open_study.external_study_id = "the-right-one"
    with pytest.raises(StudyNotFound):
        sessions.enter(open_study, **LINK)
    assert sessions.enter(open_study, **{**LINK, "study_id": "the-right-one"})


def test_a_draft_takes_nobody_in(draft_study):
    with pytest.raises(StudyNotOpen, match="not opened yet"):
        sessions.enter(draft_study, **LINK)


def test_a_paused_study_takes_nobody_new_but_goes_on_with_those_inside(open_study):
    inside = sessions.enter(open_study, **LINK)
    open_study.state = StudyState.PAUSED
    open_study.save()
    assert sessions.enter(open_study, **LINK) == inside
    with pytest.raises(StudyNotOpen, match="paused"):
        sessions.enter(open_study, **{**LINK, "session_id": "other"})


@pytest.mark.django_db(transaction=True)
def test_ten_requests_at_once_make_one_visit(open_study):
    def enter(_: int) -> int:
        try:
            return sessions.enter(open_study, **LINK).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(enter, range(10)))) == 1
    assert Submission.objects.count() == Event.objects.filter(kind="session_entered").count() == 1
