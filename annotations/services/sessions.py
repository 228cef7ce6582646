"""A visit from the link to the completion: each step is one conditional UPDATE, so a step taken twice counts once."""

import base64
import hashlib
import hmac
import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    Entry,
    Outcome,
    Participant,
    Stage,
    Study,
    StudyState,
)
from annotations.services import assignments, events
from annotations.services.errors import LinkIncomplete, StageMismatch, StudyNotFound, StudyNotOpen
from annotations.services.outside_ids import is_outside_id
from annotations.version import CODE_VERSION

_PSEUDONYM_DIGITS = 12  # of base32: 60 bits


def enter(study: Study, *, participant_id: str, study_id: str, session_id: str) -> AnnotationSession:
    """Return the visit of a link's three ids, and make it the first time; the same link is always the same visit.

    Raises LinkIncomplete for a missing or malformed id, or a session id that came with another participant;
    StudyNotFound for the id of another study; StudyNotOpen where the study takes nobody new. A visit that exists goes
    on while the study is paused or closed.
    """
    participant_id, study_id, session_id = outside_ids(
        study, participant_id=participant_id, study_id=study_id, session_id=session_id
    )
    session = (
        AnnotationSession.objects.select_related("participant")
        .filter(study=study, submission_key=pseudonym(study, "S", session_id))
        .first()
    )
    if session is None:
        session = _enter_anew(study, participant_id, study_id, session_id)
    if session.participant.pseudonym != pseudonym(study, "P", participant_id):
        raise LinkIncomplete("This link was made for another person. Please open the study from your own account.")
    return session


def outside_ids(study: Study, *, participant_id: str, study_id: str, session_id: str) -> tuple[str, str, str]:
    """Return a link's three ids without outer white space.

    Raises LinkIncomplete for a missing or malformed one, StudyNotFound for the id of another study.
    """
    participant_id, study_id, session_id = participant_id.strip(), study_id.strip(), session_id.strip()
    if not all(is_outside_id(value) for value in (participant_id, study_id, session_id)):
        raise LinkIncomplete
    if study.external_study_id and study_id != study.external_study_id:
        raise StudyNotFound("This link belongs to another study. Please open the study again from where you found it.")
    return participant_id, study_id, session_id


def pseudonym(study: Study, kind: str, outside_id: str) -> str:
    """Return `kind` and 12 base32 digits of HMAC-SHA256(the study's key, the id): the same id, the same pseudonym."""
    digest = hmac.digest(study.pseudonym_key.encode(), outside_id.encode(), hashlib.sha256)
    return kind + base64.b32encode(digest).decode()[:_PSEUDONYM_DIGITS]


def _enter_anew(study: Study, participant_id: str, study_id: str, session_id: str) -> AnnotationSession:
    if study.state != StudyState.ACTIVE:
        raise StudyNotOpen(study.state)
    with transaction.atomic():
        participant, _ = Participant.objects.get_or_create(study=study, pseudonym=pseudonym(study, "P", participant_id))
        # Of two requests at once, the unique constraint lets one create and gives the other what it made.
        session, created = AnnotationSession.objects.get_or_create(
            study=study,
            submission_key=pseudonym(study, "S", session_id),
            defaults={
                "participant": participant,
                "configuration": study.configurations.latest("version"),
                "seed": secrets.randbits(63),
                "code_version": CODE_VERSION,
            },
        )
        if created:
            Entry.objects.create(
                study=study,
                session=session,
                external_participant_id=participant_id,
                external_study_id=study_id,
                external_session_id=session_id,
            )
            events.record(events.SESSION_ENTERED, study=study, session=session)
    return session


def give_consent(session: AnnotationSession) -> AnnotationSession:
    """Go on from consent to the tutorial. A no-op where consent was given; StageMismatch where it was declined."""
    _refuse_closed(session.study)
    with transaction.atomic():
        if _advance(session, Stage.CONSENT, stage=Stage.TUTORIAL, consented_at=timezone.now()):
            events.record(events.CONSENT_GIVEN, study=session.study, session=session)
        elif session.stage == Stage.DECLINED:
            raise StageMismatch("You chose not to take part. Please return the study where you found it.")
    return session


def decline(session: AnnotationSession) -> AnnotationSession:
    """End the visit without consent. A no-op the second time; StageMismatch once consent was given."""
    with transaction.atomic():
        if _advance(session, Stage.CONSENT, stage=Stage.DECLINED, outcome=Outcome.NO_CONSENT, ended_at=timezone.now()):
            events.record(events.CONSENT_DECLINED, study=session.study, session=session)
        elif session.stage != Stage.DECLINED:
            raise StageMismatch
    return session


def finish_tutorial(session: AnnotationSession) -> AnnotationSession:
    """Go on from the tutorial to the tasks, and make one waiting assignment a task, in the tasks' order.

    A no-op the second time. StageMismatch before consent or after declining, StudyNotOpen once the study is closed.
    """
    with transaction.atomic():
        # Closing ends the assignments that it finds: these come before, or not at all.
        Study.objects.select_for_update(no_key=True).get(pk=session.study_id)
        _refuse_closed(session.study)
        if _advance(session, Stage.TUTORIAL, stage=Stage.TASKS, tutorial_done_at=timezone.now()):
            tasks = session.study.tasks.order_by("position")
            Assignment.objects.bulk_create(
                Assignment(session=session, task=task, position=position)
                for position, task in enumerate(tasks, start=1)
            )
            events.record(events.TUTORIAL_DONE, study=session.study, session=session)
        elif session.stage not in {Stage.TASKS, Stage.FINISHED}:
            raise StageMismatch
    return session


def finish(session: AnnotationSession) -> AnnotationSession:
    """Complete the visit once every assignment has ended; those whose time is over are ended first.

    A no-op the second time. Raises StageMismatch while there is work to do.
    """
    assignments.end_overdue(timezone.now(), session=session)
    with transaction.atomic():
        if session.assignments.exclude(state=AssignmentState.ENDED).exists():
            raise StageMismatch("There is a task left to do before the end. Please reload the page to go on.")
        if _advance(session, Stage.TASKS, stage=Stage.FINISHED, outcome=Outcome.COMPLETED, ended_at=timezone.now()):
            events.record(events.SESSION_FINISHED, study=session.study, session=session)
        elif session.stage != Stage.FINISHED:
            raise StageMismatch
    return session


def _refuse_closed(study: Study) -> None:
    study.refresh_from_db(fields=["state"])
    if study.state == StudyState.CLOSED:
        raise StudyNotOpen(study.state)


def _advance(session: AnnotationSession, from_stage: Stage, /, **changes: Any) -> bool:
    """Change the visit if it is still at `from_stage`, and say whether this call did; the object then shows the row."""
    changed = AnnotationSession.objects.filter(pk=session.pk, stage=from_stage).update(**changes)
    session.refresh_from_db(fields=["stage", "outcome", "consented_at", "tutorial_done_at", "ended_at"])
    return changed == 1
