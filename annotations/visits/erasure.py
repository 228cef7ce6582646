"""Erasing a person who withdrew: first what they did, then, once they are paid, who they are (docs/decisions/0012).

A withdrawal is a mark; a worker erases what is marked, so that nothing is lost if it is killed in between. What is left
of a visit is its own row and the consent: when it was, and how it ended. The log keeps its order, and what was personal
in it cannot be read again, since its key is gone.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from psycopg.errors import DeadlockDetected, LockNotAvailable

from annotations.base.row_changes import change
from annotations.log import audit, events, identities, withdrawal_ledger
from annotations.log.events import unsealed_state
from annotations.log.log_registry import DONE_IN_A_VISIT
from annotations.log.withdrawal_ledger import Act
from annotations.models import (
    AnnotationSession,
    Assignment,
    Correction,
    IdentityKey,
    JobState,
    Participant,
    Phrase,
    Run,
    Stage,
    Submission,
    event_kinds,
)
from annotations.phrases import assignments
from annotations.prolific import submissions
from annotations.queue import worker_wakeup
from annotations.releases import release_requests
from annotations.visits import withdrawal
from annotations.visits.withdrawal_status import is_owed

_UNREADABLE = "The author of a phrase in this correction withdrew. Train it again without that phrase."


def request(participant: Participant, *, by: str, reason: str) -> None:
    """Withdraw a person for them, on the coordinator's part; a worker then erases what they did.

    A second time it changes nothing, and stands in the audit log once more.
    """
    with transaction.atomic():
        visits = list(participant.sessions.select_related("study").order_by("pk"))
        for session in visits:
            withdrawal.withdraw(session)
        audit.record("participant_withdrawn", participant, by=by, subject=participant.pseudonym, reason=reason)
    worker_wakeup.dispatch_on_commit(worker_wakeup.ERASE_WITHDRAWN)


def erase_due(now: dt.datetime) -> tuple[int, int]:
    """Erase everybody who is due; return how many people lost what they did, and how many who they are.

    Those whose rows a worker holds just now are left to the next sweep.
    """
    contents = sum(tried(erase_content, person) for person in with_content_due())
    forgotten = sum(tried(forget, person) for person in with_identity_due(now))
    return contents, forgotten


def with_content_due() -> QuerySet[Participant]:
    """Return the people who withdrew and whose work is still stored."""
    due = AnnotationSession.objects.filter(participant=OuterRef("pk"), withdrawn_at__isnull=False, erased_at=None)
    return Participant.objects.filter(Exists(due)).select_related("study").order_by("pk")


def with_identity_due(now: dt.datetime) -> list[Participant]:
    """Return the people whose work is erased and who are owed nothing any more, but whose ids are still stored."""
    erased = AnnotationSession.objects.filter(participant=OuterRef("pk"), erased_at__isnull=False)
    unerased = AnnotationSession.objects.filter(participant=OuterRef("pk"), erased_at=None)
    unerased = unerased.exclude(stage=Stage.DECLINED)  # nothing was done in it
    people = Participant.objects.filter(Exists(erased), ~Exists(unerased), erased_at=None).select_related("study")
    return [person for person in people.order_by("pk") if not is_owed(person, now)]


@transaction.atomic
def erase_content(participant: Participant) -> bool:
    """Delete what the person did in visits that they withdrew, and say whether there was any.

    Their key is replaced: the ids are sealed under the new one, and nothing that the old one sealed in the log can be
    read again. Corrections that used a phrase of theirs are undone. Raises OperationalError where a worker holds a row.
    """
    person = Participant.objects.select_for_update().select_related("study").get(pk=participant.pk)
    visits = list(person.sessions.filter(withdrawn_at__isnull=False, erased_at=None).order_by("pk"))
    if not visits:
        return False
    # The order in which workers lock: phrases, then assignments, then runs.
    list(Phrase.objects.filter(assignment__session__in=visits).select_for_update(of=("self",)).order_by("pk"))
    assignments.lock_all(Assignment.objects.filter(session__in=visits).values_list("pk", flat=True))
    list(Run.objects.filter(assignment__session__in=visits).select_for_update(of=("self",)).only("pk").order_by("pk"))
    _undo_corrections(visits)
    declined = person.sessions.filter(stage=Stage.DECLINED)  # cannot be withdrawn; what its browser said goes too
    delete_work([*visits, *declined])
    _replace_key(person)
    for visit in visits:
        change(visit, erased_at=timezone.now())
        release_requests.supersede(visit, "somebody in it withdrew")
        events.record(event_kinds.SESSION_ERASED, visit)
    return True


def delete_work(visits: Sequence[AnnotationSession]) -> None:
    """Delete all that was done in some visits; the visits, their consents, places and submissions stay."""
    ids = [visit.pk for visit in visits]
    for table in DONE_IN_A_VISIT:
        table.model._default_manager.filter(**{f"{table.visit}__in": ids}).delete()


@transaction.atomic
def forget(participant: Participant) -> bool:
    """Destroy what ties the person's pseudonym to the person, and say whether there was anything.

    The pseudonyms become random ones, so that not even the study's key leads back.
    """
    person = Participant.objects.select_for_update().select_related("study").get(pk=participant.pk)
    if person.erased_at is not None:
        return False
    study, pseudonym = person.study, person.pseudonym
    submissions.store_never_again(study, _submission_keys(person))
    identities.destroy(study, pseudonym)
    change(person, pseudonym=_random_pseudonym(), erased_at=timezone.now())
    nameless: dict[str, Any] = {"pseudonym": person.pseudonym, "sealed_ids": None, "entered_code": ""}
    for visit in person.sessions.order_by("pk"):
        key = _random_pseudonym()
        AnnotationSession.objects.filter(pk=visit.pk).update(submission_key=key)
        Submission.objects.filter(session=visit).update(submission_key=key, **nameless)
    for submission in Submission.objects.filter(study=study, pseudonym=pseudonym):  # those that never came here
        change(submission, submission_key=_random_pseudonym(), **nameless)
    for visit in person.sessions.select_related("participant", "configuration", "condition").order_by("pk"):
        events.record(event_kinds.IDENTITY_DESTROYED, visit, unsealed_state(visit.participant), unsealed_state(visit))
    audit.record("identity_destroyed", study, by=audit.SYSTEM, subject=person.pseudonym)
    withdrawal_ledger.keep(Act.FORGOTTEN, person.sessions.values_list("public_id", flat=True), person.erased_at)
    return True


def _submission_keys(person: Participant) -> set[str]:
    """The pseudonyms of the person's submissions, also of those that never came here."""
    told = Submission.objects.filter(study=person.study, pseudonym=person.pseudonym)
    return {*told.values_list("submission_key", flat=True), *person.sessions.values_list("submission_key", flat=True)}


def tried(erase: Callable[[Participant], bool], person: Participant) -> bool:
    """Call one of the two above, and say whether it did anything: not while a worker holds a row."""
    try:
        return erase(person)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise
        return False  # a worker holds a row of theirs for longer than we wait for a lock


def _undo_corrections(visits: list[AnnotationSession]) -> None:
    """A head that was trained with a phrase which nobody may use any more goes; the job says why."""
    used = Correction.objects.filter(parts__score__phrase__assignment__session__in=visits).distinct()
    for correction in Correction.objects.filter(pk__in=used.values("pk")).select_for_update():
        finished_at = correction.finished_at or timezone.now()
        change(correction, state=JobState.FAILED, error=_UNREADABLE, finished_at=finished_at)
        change(correction, head=None, effects={}, ablations=[])
        events.record(event_kinds.CORRECTION_UNDONE, correction.study, correction)
        audit.record("correction_undone", correction, by=audit.SYSTEM, reason=_UNREADABLE)


def _replace_key(person: Participant) -> None:
    study, pseudonym = person.study, person.pseudonym
    if not IdentityKey.objects.filter(study=study, pseudonym=pseudonym).exists():
        return
    sealed = Submission.objects.filter(study=study, pseudonym=pseudonym, sealed_ids__isnull=False)
    ids = {row.pk: identities.unseal(study, pseudonym, bytes(row.sealed_ids or b"")) for row in sealed}
    identities.destroy(study, pseudonym)
    for pk, content in ids.items():
        Submission.objects.filter(pk=pk).update(sealed_ids=identities.seal(study, pseudonym, content))


def _random_pseudonym() -> str:
    return "X" + secrets.token_hex(8)
