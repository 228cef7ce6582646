"""Experts: people who are logged in here annotate too (the paper's authors did for ImageNet), marked as experts.

An expert's visit begins at its tasks: without consent, tutorial, check, place and code. The expert picks the classes to
do, in any order, and comes back as often as they like; each class that was picked is an assignment.
"""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Max

from annotations.base.service_errors import NotPossible, StageMismatch, StudyNotOpen
from annotations.log.identities import pseudonym
from annotations.models import (
    OPEN_STATES,
    AnnotationSession,
    Assignment,
    AssignmentState,
    Audience,
    EntryVerification,
    Participant,
    SessionKind,
    Stage,
    Study,
    StudyState,
    Task,
)
from annotations.phrases import assignments
from annotations.visits import sessions


def visit_of(study: Study, user: AbstractBaseUser | AnonymousUser) -> AnnotationSession | None:
    """Return the visit of somebody who is logged in; None before the first time, and once the study's key is gone."""
    if not study.keeps_ids:
        return None
    return AnnotationSession.objects.filter(study=study, submission_key=_pseudonym(study, "S", user)).first()


@transaction.atomic
def enter(study: Study, user: AbstractBaseUser | AnonymousUser) -> AnnotationSession:
    """Return the one visit that somebody who is logged in has in a study of experts, and make it the first time.

    The visit names nobody: its pseudonyms are made of the user name with the study's key. Raises NotPossible in any
    other study, and StudyNotOpen in a draft, in a closed study, and for a new visit in a paused one.
    """
    if study.audience != Audience.EXPERTS:
        raise NotPossible("Participants enter this study by its link. Experts annotate in a study of their own.")
    if study.state not in OPEN_STATES:
        raise StudyNotOpen(study.state)
    visit = visit_of(study, user)
    if visit is not None:
        return visit
    if study.state != StudyState.ACTIVE:
        raise StudyNotOpen(study.state)
    person, _created = Participant.objects.get_or_create(study=study, pseudonym=_pseudonym(study, "E", user))
    expert = {"kind": SessionKind.EXPERT, "verification": EntryVerification.LOCAL, "stage": Stage.TASKS}
    return sessions.make(person, _pseudonym(study, "S", user), **expert)[0]


@transaction.atomic
def pick(session: AnnotationSession, task: Task) -> Assignment:
    """Begin a class, or go on with one that was begun or skipped; one that is done is returned as it is.

    Raises StageMismatch in a visit that is no expert's or has ended, StudyNotOpen in a closed study.
    """
    locked = AnnotationSession.objects.select_for_update(no_key=True).get(pk=session.pk)
    if not locked.is_expert or locked.stage != Stage.TASKS:
        raise StageMismatch
    # Closing ends the assignments that it finds: a new one comes before, or not at all.
    sessions.refuse_closed(Study.objects.select_for_update(no_key=True).get(pk=locked.study_id))
    assignment = locked.assignments.filter(task=task).first()
    if assignment is None:
        last = locked.assignments.aggregate(last=Max("position"))["last"] or 0
        assignment = Assignment.objects.create(session=locked, task=task, position=last + 1)
        assignments.record_made([assignment])
    again = assignments.take_up_again(assignment)
    return again if again.state == AssignmentState.ENDED else assignments.start(again)


def _pseudonym(study: Study, kind: str, user: AbstractBaseUser | AnonymousUser) -> str:
    return pseudonym(study, kind, f"expert:{user.get_username()}")  # no id from outside has a colon in it
