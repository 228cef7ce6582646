"""Prolific's side of the ledger: what it says of each submission, whichever way it comes.

A webhook, a poll, an imported file and the answer to a call all end in `note_status`. They come in any order and more
than once; the newest by Prolific's clock stands, so all orders end in the same state.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from annotations.allocation import places
from annotations.base.service_errors import IdentityDestroyed
from annotations.log import events, identities
from annotations.log.identities import pseudonym
from annotations.models import (
    AnnotationSession,
    ForgottenSubmission,
    ProlificRequest,
    Reconciliation,
    RequestState,
    Study,
    StudyState,
    Submission,
    event_kinds,
)
from annotations.prolific import site_client as prolific_client
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.outside_ids import OutsideIds, is_outside_id
from annotations.prolific_client.payloads import RemoteSubmission
from annotations.prolific_client.prolific_errors import NotFound, ProlificError, Refused
from annotations.prolific_client.statuses import PLACE_FREED, REACHED_BY, rank, status_of

EVERY = {  # how old the last poll of a study gets
    StudyState.ACTIVE: dt.timedelta(minutes=5),
    StudyState.PAUSED: dt.timedelta(minutes=5),
    StudyState.CLOSED: dt.timedelta(hours=1),
}
AT_MOST_EVERY = dt.timedelta(minutes=1)  # however often a coordinator asks
AFTER_CLOSING = dt.timedelta(days=30)  # Prolific approves by itself after 21 days


class Source(StrEnum):
    """Which way Prolific's word came."""

    WEBHOOK = "webhook"
    POLL = "poll"
    FILE = "file"
    ANSWER = "answer"  # to a call of ours


class Effect(StrEnum):
    APPLIED = "applied"
    OLDER = "older"
    FORGOTTEN = "forgotten"  # of an erased person: nothing is stored


@dataclass(frozen=True)
class StatusReport:
    """What one way tells of a submission: its status, when it was so by Prolific's clock, and other facts by field."""

    status: str
    at: dt.datetime
    source: Source
    facts: Mapping[str, Any] = field(default_factory=dict)


def confirm(study: Study, ids: OutsideIds) -> bool | None:
    """Say whether Prolific knows this submission as this person's in this study; False: as another's.

    None: there is no token, or Prolific does not know it, or did not answer in a few seconds. A person waits for this;
    after a silence the next ones do not, for half a minute.
    """
    prolific = prolific_client.hurried_client()
    if prolific is None:
        return None
    try:
        remote = prolific.submission(ids.session)
    except (NotFound, Refused):
        return None
    except ProlificError as error:
        prolific_client.note_silence(error)
        return None
    expected = study.external_study_id or ids.study
    return remote.participant_id == ids.participant and remote.study_id == ids.study == expected


@transaction.atomic
def note_status(
    study: Study, report: StatusReport, *, submission: Submission | None = None, ids: OutsideIds | None = None
) -> Effect:
    """Take in what Prolific says of a submission: the one place that does. Give the submission, or its ids.

    What is older than the newest that is known changes nothing, an unknown status is kept as it came. A submission that
    was never seen here is made, its ids sealed. A status for which Prolific gives the place away (RETURNED, TIMED-OUT
    …), even a late one, gives it to somebody else here too, and keeps the data; the cell of a completed visit goes on
    counting them (`allocation.cells.taken`). Requests that ask for what is so by now are done. Where Prolific
    names another person than the one who came with the submission, it is flagged: whoever it was knew a link that was
    not theirs.
    """
    row = _locked(study, submission, ids)
    if row is None:
        return Effect.FORGOTTEN
    status, at = status_of(report.status), report.at
    before = row.status
    is_newer = row.seen_at is None or (at, rank(status)) >= (row.seen_at, rank(before))
    if is_newer:
        if status != before:
            row.status, row.status_changed_at = status, at
        row.seen_at = at
    _keep(row, report.facts, is_newer)
    if ids is not None and row.sealed_ids is not None:
        row.is_of_another = row.pseudonym != pseudonym(study, "P", ids.participant)
    row.save()
    if row.status != before:
        events.record(
            event_kinds.SUBMISSION_STATUS,
            row.session or study,
            submission=row.pk,  # not its pseudonym, which an erasure could not take out of the log
            status=status,
            before=before,
            at=at.isoformat(),
            source=report.source.value,
        )
        _settle(row)
    if status in PLACE_FREED and row.session is not None:
        places.release(row.session, PLACE_FREED[status])
    return Effect.APPLIED if is_newer else Effect.OLDER


def note_remote(study: Study, remote: RemoteSubmission, source: Source, submission: Submission | None = None) -> Effect:
    """Take in one submission as Prolific's API shows it."""
    facts = {name: getattr(remote, name) for name in ("started_at", "completed_at", "entered_code", "reward_cents")}
    report = StatusReport(remote.status, remote.told_at, source, facts)
    ids = OutsideIds(remote.participant_id, remote.study_id or study.external_study_id, remote.submission_id)
    return note_status(study, report, submission=submission, ids=ids)


def ids_of(submission: Submission) -> OutsideIds:
    """Return the ids of a submission; raises IdentityDestroyed once they are erased, IdentityUnreadable."""
    if submission.sealed_ids is None:
        raise IdentityDestroyed
    sealed = identities.unseal(submission.study, submission.pseudonym, bytes(submission.sealed_ids))
    return OutsideIds(**sealed)


def make(study: Study, ids: OutsideIds, session: AnnotationSession | None = None) -> Submission:
    """Return the submission of these ids, which are sealed with it; it is made where there is none.

    session: the visit of the person who arrives with them. Prolific may have told of the submission before, and then
    the ids of the one who came stand. Without a visit, it is Prolific that tells, and a row that is there stays as it
    is.
    """
    person = pseudonym(study, "P", ids.participant)
    known_as: dict[str, Any] = {"study": study, "submission_key": pseudonym(study, "S", ids.session)}
    # Sealing makes a person's key: called only where it is stored.
    of_ids = {"pseudonym": person, "sealed_ids": lambda: identities.seal(study, person, ids._asdict())}
    if session is not None:
        made, _created = Submission.objects.update_or_create(**known_as, defaults={**of_ids, "session": session})
    else:
        visit = AnnotationSession.objects.filter(**known_as).first()
        made, _created = Submission.objects.get_or_create(**known_as, defaults={**of_ids, "session": visit})
    return made


def store_never_again(study: Study, submission_keys: Iterable[str]) -> None:
    """Take in nothing more about these submissions, whose person is erased; the caller's transaction does the rest."""
    forgotten = [ForgottenSubmission(study=study, submission_key=key) for key in submission_keys]
    ForgottenSubmission.objects.bulk_create(forgotten, ignore_conflicts=True)


def find(outside_id: str) -> Submission | None:
    """Return the submission of an id among all studies that are on Prolific, None where nobody here knows it."""
    if not is_outside_id(outside_id):
        return None
    studies = _on_prolific().only("id", "sealed_pseudonym_key")
    keys = {pseudonym(study, "S", outside_id): study for study in studies}
    for found in Submission.objects.filter(submission_key__in=keys).select_related("study"):
        if keys[found.submission_key].pk == found.study_id:
            return found
    return None


def due_for_reconciliation(now: dt.datetime) -> list[Study]:
    """Return the studies whose last poll is too old, the oldest first."""
    late = Q()
    for state, age in EVERY.items():
        never_or_before = Q(reconciliation=None) | Q(reconciliation__begun_at__lte=now - age)
        late |= Q(state=state) & never_or_before
    oldest_first = F("reconciliation__begun_at").asc(nulls_first=True)
    return list(_on_prolific().filter(late).exclude(closed_at__lt=now - AFTER_CLOSING).order_by(oldest_first))


def reconcile(study: Study, prolific: Prolific) -> int | None:
    """Go through all of Prolific's submissions of a study, and return how many; None where somebody just did.

    Each is noted for itself: a poll that breaks off keeps what it noted, and its reason. Raises the ProlificError.
    """
    if not _claim(study, timezone.now()):
        return None
    count = 0
    try:
        for remote in prolific.submissions(study.external_study_id):
            if is_outside_id(remote.participant_id) and is_outside_id(remote.submission_id):
                note_remote(study, remote, Source.POLL)
                count += 1
    except ProlificError as error:
        Reconciliation.objects.filter(study=study).update(error=str(error))
        raise
    Reconciliation.objects.filter(study=study).update(done_at=timezone.now(), n_submissions=count, error="")
    return count


def _on_prolific() -> QuerySet[Study]:
    """Studies that have an id there, and ids here: once those are destroyed, nobody can be recognised."""
    return Study.objects.exclude(external_study_id="").exclude(sealed_pseudonym_key=b"")


def _claim(study: Study, now: dt.datetime) -> bool:
    """Whether this caller is the one who polls now."""
    _row, is_first = Reconciliation.objects.get_or_create(study=study, defaults={"begun_at": now})
    due = Reconciliation.objects.filter(study=study, begun_at__lte=now - AT_MOST_EVERY)
    return is_first or due.update(begun_at=now) == 1


def _locked(study: Study, submission: Submission | None, ids: OutsideIds | None) -> Submission | None:
    """The submission's row under a lock, made where Prolific tells of one that was never seen; None: never again."""
    rows = Submission.objects.select_for_update(of=("self",), no_key=True).select_related("session")
    if submission is not None:
        return rows.get(pk=submission.pk)
    if ids is None:
        raise ValueError("give either the submission or its ids")
    key = pseudonym(study, "S", ids.session)
    row = rows.filter(study=study, submission_key=key).first()
    if row is None and ForgottenSubmission.objects.filter(study=study, submission_key=key).exists():
        return None
    return row or rows.get(pk=make(study, ids).pk)


def _keep(row: Submission, facts: Mapping[str, Any], is_newer: bool) -> None:
    """Take over what is told; what is told late only fills in what is not known."""
    for name, value in facts.items():
        if value not in (None, "") and (is_newer or getattr(row, name) in (None, "")):
            setattr(row, name, value)


def _settle(row: Submission) -> None:
    """What a coordinator asked for is done where the submission stands there by now."""
    reached = [act for act, statuses in REACHED_BY.items() if row.status in statuses]
    pending = ProlificRequest.objects.filter(submission=row, state=RequestState.PENDING, act__in=reached)
    pending.update(state=RequestState.DONE, finished_at=timezone.now(), last_error="")
