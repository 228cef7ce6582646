"""A visit from the link to the completion: each step is one conditional UPDATE, so a step taken twice counts once."""

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from annotations.allocation import places
from annotations.allocation import places as repeat_visits
from annotations.allocation.task_orders import order_of
from annotations.base import typed_texts
from annotations.base.service_errors import (
    LinkIncomplete,
    PracticeNotDone,
    StageMismatch,
    StudyForExperts,
    StudyNotFound,
    StudyNotOpen,
    TextTooLong,
    Withdrawn,
)
from annotations.base.version import CODE_VERSION
from annotations.log import events, turned_away
from annotations.log.identities import pseudonym
from annotations.models import (
    AnnotationSession,
    Assignment,
    AssignmentState,
    Audience,
    Consent,
    EndAnswer,
    EntryVerification,
    Outcome,
    Participant,
    Stage,
    Study,
    StudyState,
    event_kinds,
)
from annotations.models.end_questions import MAX_ANSWER_LENGTH, RATINGS, TRUST
from annotations.models.study_texts import OWN_LANGUAGE
from annotations.phrases import assignments
from annotations.prolific import submissions
from annotations.prolific_client.outside_ids import OutsideIds, is_outside_id
from annotations.visits import entry_verification
from annotations.visits.entry_verification import Browser
from annotations.visits.tutorial_example import practice

_NO_BROWSER = Browser()  # one of which nothing is known


class LinkKeys(NamedTuple):
    """The pseudonyms that a link has in a study: of its submission, and of its person."""

    submission: str
    person: str


def enter(
    study: Study,
    *,
    participant_id: str,
    study_id: str,
    session_id: str,
    token: str = "",
    browser: Browser = _NO_BROWSER,
) -> AnnotationSession:
    """Return the visit of a link's three ids, and make it the first time; the same link is always the same visit.

    token: of a signed link, where it has one. Raises LinkIncomplete for a missing or malformed id, or a session id that
    came with another participant; StudyNotFound for the id of another study; StudyForExperts. A visit that exists goes
    on while the study is paused or closed, and raises as `entry_verification.refuse_stranger`; a new one raises
    Withdrawn, StudyNotOpen, StudyFull, EntryNotVerified, TooManyFromNetwork, and as `repeat_visits.refuse_again`.
    """
    ids = outside_ids(study, participant_id=participant_id, study_id=study_id, session_id=session_id)
    keys = link_keys(study, participant=ids.participant, session=ids.session)
    visits = AnnotationSession.objects.select_related("participant")
    session = visits.filter(study=study, submission_key=keys.submission).first()
    is_new = session is None
    if session is None:
        with turned_away.counted(study, keys.submission):
            session = _enter_anew(study, ids, keys, token, browser)
    if session.participant.pseudonym != keys.person:
        raise LinkIncomplete(_("This link was made for another person. Please open the study from your own account."))
    if not is_new:
        entry_verification.refuse_stranger(session, ids, token, browser)
    return session


def link_keys(study: Study, *, participant: str, session: str) -> LinkKeys:
    """Return a link's keys. Raises StudyNotOpen once nobody can tell any more whose visit it was."""
    if not study.keeps_ids:
        raise StudyNotOpen(study.state)
    return LinkKeys(pseudonym(study, "S", session), pseudonym(study, "P", participant))


def refuse_new_participants(study: Study, keys: LinkKeys) -> None:
    """Refuse a link that nobody can enter by any more.

    Raises Withdrawn for that of an erased visit, StudyNotOpen where the study takes nobody new, StudyFull where its
    places are taken by other people.
    """
    with turned_away.counted(study, keys.submission):
        refuse_closed_to_new(study, keys.submission)
        places.refuse_full(study, keys.person)


def outside_ids(study: Study, *, participant_id: str, study_id: str, session_id: str) -> OutsideIds:
    """Return a link's three ids without outer white space.

    Raises StudyForExperts where nobody comes by the link, LinkIncomplete for a missing or malformed one, StudyNotFound
    for the id of another study.
    """
    if study.audience == Audience.EXPERTS:
        raise StudyForExperts
    ids = OutsideIds(participant_id.strip(), study_id.strip(), session_id.strip())
    if not all(map(is_outside_id, ids)):
        raise LinkIncomplete
    if study.external_study_id and ids.study != study.external_study_id:
        raise StudyNotFound(
            _("This link belongs to another study. Please open the study again from where you found it.")
        )
    return ids


def _enter_anew(study: Study, ids: OutsideIds, keys: LinkKeys, token: str, browser: Browser) -> AnnotationSession:
    refuse_closed_to_new(study, keys.submission)
    # Before the transaction, which waits for nobody outside.
    verification = entry_verification.verify_entry(study, ids, token)
    with transaction.atomic():
        participant, _created = Participant.objects.get_or_create(study=study, pseudonym=keys.person)
        repeat_visits.refuse_again(participant)
        places.refuse_full(study, participant.pseudonym)
        session, is_new = make(participant, keys.submission, verification=verification)
        if is_new:
            submissions.make(study, ids, session)
            if verification == EntryVerification.UNVERIFIED:
                entry_verification.count_start(study, browser)
    return session


def make(participant: Participant, submission_key: str, **fields: Any) -> tuple[AnnotationSession, bool]:
    """Return the one visit of a submission, and whether it was made now; fields: of a new one, beside what all have."""
    study = participant.study
    always = {"participant": participant, "seed": secrets.randbits(63), "code_version": CODE_VERSION}
    if "configuration" not in fields:
        always["configuration"] = study.configurations.latest("version")
    # Of two requests at once, the unique constraint lets one create and gives the other what it made.
    session, is_new = AnnotationSession.objects.get_or_create(
        study=study, submission_key=submission_key, defaults={**always, **fields}
    )
    if is_new:
        events.record(event_kinds.SESSION_ENTERED, session)
    return session, is_new


def refuse_closed_to_new(study: Study, submission_key: str) -> None:
    """Raise Withdrawn for the link of an erased visit, of which the key alone is known, and StudyNotOpen."""
    if study.forgotten_submissions.filter(submission_key=submission_key).exists():
        raise Withdrawn
    if study.state != StudyState.ACTIVE:
        raise StudyNotOpen(study.state)


def refuse_without_place(session: AnnotationSession) -> None:
    """Raise StudyFull where there is no place for a visit that has none yet; one that does not count needs none."""
    if not session.is_uncounted:
        with turned_away.counted(session.study, session.submission_key):
            places.refuse_full(session.study, session.participant.pseudonym)


def give_consent(session: AnnotationSession, language: str = OWN_LANGUAGE) -> AnnotationSession:
    """Go on from consent to the tutorial, with a place in the study. A no-op where consent was given.

    language: of the page that asked; the text is stored as it stood there. Raises StageMismatch where it was declined,
    and as `places.allocate` does.
    """
    refuse_closed(session.study)
    now = timezone.now()
    with turned_away.counted(session.study, session.submission_key), transaction.atomic():
        if advance(session, Stage.CONSENT, stage=Stage.TUTORIAL, consented_at=now):
            places.allocate(session)
            consent = _store_consent(session, language, agreed=True, at=now)
            events.record(event_kinds.CONSENT_GIVEN, session, consent)
        elif session.stage == Stage.DECLINED:
            raise StageMismatch("You chose not to take part. Please return the study where you found it.")
    return session


def decline(session: AnnotationSession, language: str = OWN_LANGUAGE) -> AnnotationSession:
    """End the visit without consent. A no-op the second time; StageMismatch once consent was given."""
    now = timezone.now()
    with transaction.atomic():
        if advance(session, Stage.CONSENT, stage=Stage.DECLINED, outcome=Outcome.NO_CONSENT, ended_at=now):
            consent = _store_consent(session, language, agreed=False, at=now)
            events.record(event_kinds.CONSENT_DECLINED, session, consent)
        elif session.stage != Stage.DECLINED:
            raise StageMismatch
    return session


def finish_tutorial(session: AnnotationSession) -> AnnotationSession:
    """Go on from the tutorial to the comprehension check, or to the tasks in a study without one.

    A no-op the second time. PracticeNotDone before the tutorial's example is done, StageMismatch before consent or
    after an end, StudyNotOpen once the study is closed.
    """
    refuse_closed(session.study)
    with transaction.atomic():
        if session.stage == Stage.TUTORIAL and not practice(session).is_done:
            raise PracticeNotDone
        now = timezone.now()
        if session.study.comprehension_check:
            moved = advance(session, Stage.TUTORIAL, stage=Stage.CHECK, tutorial_done_at=now)
        else:
            moved = begin_tasks(session, Stage.TUTORIAL, tutorial_done_at=now)
        if moved:
            places.extend_lease(session)
            events.record(event_kinds.TUTORIAL_DONE, session)
        elif session.stage not in {Stage.CHECK, Stage.TASKS, Stage.FINISHED}:
            raise StageMismatch
    return session


def begin_tasks(session: AnnotationSession, from_stage: Stage, **changes: Any) -> bool:
    """Go on from a stage to the tasks, and make one waiting assignment a task, in the visit's order of tasks.

    Returns whether this call did; the caller's transaction holds both. Raises StudyNotOpen once the study is closed.
    """
    if not advance(session, from_stage, stage=Stage.TASKS, **changes):
        return False
    # Closing ends the assignments that it finds: these come before, or not at all.
    study = Study.objects.select_for_update(no_key=True).get(pk=session.study_id)
    refuse_closed(study)
    tasks = list(study.tasks.order_by("position"))
    made = Assignment.objects.bulk_create(
        Assignment(session=session, task=tasks[number], position=position)
        for position, number in enumerate(order_of(study, len(tasks), session.order), start=1)
    )
    assignments.record_made(made)
    return True


def finish(
    session: AnnotationSession, answers: Mapping[int, str] | None = None, language: str = OWN_LANGUAGE
) -> AnnotationSession:
    """Complete the visit once every assignment has ended; those whose time is over are ended first.

    answers: to the study's own questions, by their numbers; an empty one is a question that was skipped. language: of
    the page that asked. A no-op the second time. Raises StageMismatch while there is work to do, and TextTooLong where
    an answer is.
    """
    assignments.end_overdue(timezone.now(), session=session)
    with transaction.atomic():
        if session.assignments.exclude(state=AssignmentState.ENDED).exists():
            raise StageMismatch("There is a task left to do before the end. Please reload the page to go on.")
        kept = _kept_answers(session, answers or {}, language) if session.stage == Stage.TASKS else []
        if advance(session, Stage.TASKS, stage=Stage.FINISHED, outcome=Outcome.COMPLETED, ended_at=timezone.now()):
            places.complete(session)
            for answer in kept:
                answer.save()
            events.record(event_kinds.SESSION_FINISHED, session, *kept)
        elif session.stage != Stage.FINISHED:
            raise StageMismatch
    return session


def asks_trust(session: AnnotationSession) -> bool:
    """Whether the person is asked, at the end, how much they trust the AI, and has not answered yet."""
    may_ask = session.study.ask_trust and session.stage == Stage.FINISHED and session.withdrawn_at is None
    return may_ask and not session.end_answers.filter(number__in=TRUST).exists()


def rate_trust(session: AnnotationSession, given: Mapping[str, str], language: str) -> None:
    """Store a person's ratings, once. given: by the names trust-NUMBER; one that was passed over is not stored."""
    with transaction.atomic(), override(language):
        locked = AnnotationSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        ratings = {number: given.get(f"trust-{number}", "") for number in TRUST}
        rated = [
            EndAnswer(session=session, number=number, question=str(TRUST[number]), answer=rating, language=language)
            for number, rating in ratings.items()
            if rating in RATINGS
        ]
        if rated and asks_trust(locked):
            EndAnswer.objects.bulk_create(rated)
            events.record(event_kinds.TRUST_RATED, session, *rated)


def refuse_closed(study: Study) -> None:
    """Raise StudyNotOpen where the study was closed by now."""
    study.refresh_from_db(fields=["state"])
    if study.state == StudyState.CLOSED:
        raise StudyNotOpen(study.state)


def advance(session: AnnotationSession, from_stage: Stage, /, **changes: Any) -> bool:
    """Change the visit if it is still at `from_stage`, and say whether this call did; the object then shows the row."""
    changed = AnnotationSession.objects.filter(pk=session.pk, stage=from_stage).update(**changes)
    session.refresh_from_db(
        fields=["stage", "outcome", "consented_at", "looked_at", "tutorial_done_at", "ended_at", "withdrawn_at"]
    )
    return changed == 1


def _store_consent(session: AnnotationSession, language: str, *, agreed: bool, at: dt.datetime) -> Consent:
    shown = session.configuration.consent_text(language)
    return Consent.objects.create(
        session=session,
        agreed=agreed,
        text=shown.text,
        language=shown.language,
        version=session.configuration.version,
        answered_at=at,
    )


def _kept_answers(session: AnnotationSession, answers: Mapping[int, str], language: str) -> list[EndAnswer]:
    """What answers a question of the study, not stored yet; of a question with choices, only one of them.

    Raises TextTooLong with the numbers of all questions whose answer is.
    """
    kept, too_long = [], []
    for asked in session.configuration.end_questions(language):
        answer = answers.get(asked.number, "").strip()
        try:
            answer = answer if asked.options else typed_texts.kept(answer, MAX_ANSWER_LENGTH)
        except TextTooLong:
            too_long.append(asked.number)
        if answer and (not asked.options or answer in dict(asked.options)):
            of_it = {"number": asked.number, "question": asked.text, "answer": answer, "language": asked.language}
            kept.append(EndAnswer(session=session, **of_it))
    if too_long:
        raise TextTooLong(MAX_ANSWER_LENGTH, too_long)
    return kept
