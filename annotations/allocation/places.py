"""Places in a study: whoever consents gets one, in a least filled cell (docs/decisions/0008).

A cell is a condition and an order of the tasks. Whatever changes how full the cells are happens under the lock of the
study's row and is noted in the event log before that lock is given back, so the log proves each choice. Locks are taken
in one order everywhere: visit, study, assignments and allocations.
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from annotations.allocation.cells import Cell, cell_counts, cell_key, taken
from annotations.allocation.plain_links import places_allowed
from annotations.base.row_changes import change
from annotations.base.service_errors import AlreadyDone, CheckFailedBefore, NotLetInAgain, PlacesHeld, StudyFull
from annotations.log import events
from annotations.models import (
    HOLDING,
    Allocation,
    AllocationState,
    AnnotationSession,
    EntryVerification,
    Outcome,
    Participant,
    RestartRule,
    SessionKind,
    Study,
    event_kinds,
)


def refuse_again(participant: Participant, session: AnnotationSession | None = None) -> None:
    """Refuse a person whose earlier visits, those beside `session`, leave no room for another one.

    Raises CheckFailedBefore after a failed comprehension check, AlreadyDone after a completion, and where the study
    lets nobody in again NotLetInAgain after a consent. Whoever never consented has seen nothing, and is new.
    """
    earlier = participant.sessions.exclude(pk__in=[session.pk] if session else [])
    if earlier.filter(outcome=Outcome.FAILED_CHECK).exists():
        raise CheckFailedBefore
    completed = earlier.filter(outcome=Outcome.COMPLETED).first()
    if completed is not None:
        raise AlreadyDone(completed)
    rule = participant.study.restart_rule
    if rule == RestartRule.REFUSED and earlier.filter(consented_at__isnull=False).exists():
        raise NotLetInAgain


EXPIRED, RESTARTED, WITHDRAWN, FAILED_CHECK = "expired", "restarted", "withdrawn", "failed_check"  # release reasons
UNVERIFIED_LEASE = dt.timedelta(minutes=5)  # until the tutorial is done, where nobody vouches for the person
LEAST_FILLED, SAME_CELL = "least_filled", "same_cell"  # why a visit got its cell


def choose(counts: Mapping[str, int], seed: int) -> str:
    """Return the key of a least filled cell. Of tied ones, sorted by key, the one at place `seed` modulo their number.

    >>> choose({"1:0": 4, "2:0": 3, "3:0": 3}, seed=7)
    '3:0'
    """
    tied = sorted(key for key, n in counts.items() if n == min(counts.values()))
    return tied[seed % len(tied)]


def allocate(session: AnnotationSession) -> None:
    """Give a visit that was consented to its cell, and hold a place there for the study's lease.

    A place that the person holds in an earlier visit is released; the study's restart rule says whether the new one is
    in the same cell. The caller's transaction holds the consent. A no-op for previews and simulated visits, whose cell
    their link names. Of an unverified visit the lease is UNVERIFIED_LEASE until `extend_lease` (docs/decisions/0031).
    Raises StudyFull, PlacesHeld, and as `repeat_visits.refuse_again` does.
    """
    if session.is_uncounted:
        return
    study = _locked(session.study_id)
    refuse_again(session.participant, session)
    earlier = Allocation.objects.filter(participant=session.participant_id).order_by("-id").first()
    if earlier is not None:
        _release([earlier], RESTARTED)
    counted = cell_counts(study)
    if study.quota is not None:
        _refuse_without_room(study, study.quota, is_unverified=_is_unverified(session))
    counts, seed = {cell.key: cell.held for cell in counted}, secrets.randbits(63)
    if earlier is not None and study.restart_rule == RestartRule.SAME_CELL:
        rule, key = SAME_CELL, cell_key(earlier.condition, earlier.order)
    else:
        rule, key = LEAST_FILLED, choose(counts, seed)
    chosen = next(cell for cell in counted if cell.key == key)
    _store(session, study, chosen, counts, seed, rule)


def extend_lease(session: AnnotationSession) -> None:
    """Hold an unverified visit's place for the study's whole lease, counted from consent: its tutorial is done.

    The caller's transaction has locked the visit. A no-op for any other visit, and for a place that was given on.
    """
    if not _is_unverified(session):
        return
    study = _locked(session.study_id)
    for allocation in Allocation.objects.filter(session=session, state=AllocationState.LIVE):
        lease = dt.timedelta(minutes=study.lease_minutes)
        change(allocation, lease_expires_at=allocation.allocated_at + lease)
        _record(event_kinds.ALLOCATION_EXTENDED, allocation, session)


def complete(session: AnnotationSession) -> None:
    """Note that a visit was completed; the caller's transaction holds that.

    Where its place was released before, the visit is flagged as late, and counts as completed in its cell all the same,
    unless the person holds another place by now. A no-op for a visit without a place.
    """
    if not Allocation.objects.filter(session=session).exists():
        return
    _locked(session.study_id)
    allocation = Allocation.objects.select_related("condition").get(session=session)
    if allocation.state == AllocationState.COMPLETED:
        return
    is_late = allocation.state == AllocationState.RELEASED
    if is_late:
        AnnotationSession.objects.filter(pk=session.pk).update(is_late=True)
        session.is_late = True
    others = Allocation.objects.filter(participant=allocation.participant_id, state__in=HOLDING).exclude(
        pk=allocation.pk
    )
    counts_in_cell = not others.exists()
    if counts_in_cell:
        change(allocation, state=AllocationState.COMPLETED, ended_at=timezone.now(), release_reason="")
    _record(event_kinds.ALLOCATION_COMPLETED, allocation, session, is_late=is_late, counts_in_cell=counts_in_cell)


def release(session: AnnotationSession, reason: str) -> bool:
    """Give a visit's place to whoever comes next, and say whether it held one. What was done in the visit is kept.

    reason: at most 20 letters, as in `Allocation.release_reason`. A no-op where the visit was completed, or its place
    released before.
    """
    with transaction.atomic():
        _locked(session.study_id)
        return _release(Allocation.objects.filter(session=session), reason) > 0


def expire(now: dt.datetime) -> int:
    """Release the places whose lease is over, and return how many; a study that is busy waits for the next sweep."""
    due = Allocation.objects.filter(state=AllocationState.LIVE, lease_expires_at__lt=now)
    studies = due.order_by().values_list("study", flat=True).distinct()
    return sum(_expire(study_id, now) for study_id in studies)


def refuse_full(study: Study, pseudonym: str) -> None:
    """Raise StudyFull where every place is taken and this person holds none."""
    if study.quota is None:
        return
    held = Allocation.objects.filter(study=study, state__in=HOLDING)
    if taken(study).count() >= study.quota and not held.filter(participant__pseudonym=pseudonym).exists():
        raise StudyFull


def _expire(study_id: int, now: dt.datetime) -> int:
    with transaction.atomic():
        study = Study.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=study_id).first()
        return 0 if study is None else _release(study.allocations.filter(lease_expires_at__lt=now), EXPIRED)


def _locked(study_id: int) -> Study:
    # A "no key" lock lets rows that point to the study be inserted meanwhile.
    return Study.objects.select_for_update(no_key=True).get(pk=study_id)


def _is_unverified(session: AnnotationSession) -> bool:
    return session.kind == SessionKind.PARTICIPANT and session.verification == EntryVerification.UNVERIFIED


def _refuse_without_room(study: Study, quota: int, *, is_unverified: bool) -> None:
    n_taken = taken(study).count()
    if n_taken >= quota:
        raise StudyFull
    if is_unverified:
        of_unverified = {
            "session__kind": SessionKind.PARTICIPANT,
            "session__verification": EntryVerification.UNVERIFIED,
        }
        held = taken(study).filter(state=AllocationState.LIVE, **of_unverified).order_by("lease_expires_at")
        leases = list(held.values_list("lease_expires_at", flat=True))
        if len(leases) >= places_allowed(quota - n_taken + len(leases)):
            raise PlacesHeld(max(1, int((leases[0] - timezone.now()).total_seconds())))


def _store(
    session: AnnotationSession, study: Study, cell: Cell, counts: Mapping[str, int], seed: int, rule: str
) -> None:
    change(session, condition=cell.condition, order=cell.order)
    now = timezone.now()
    lease = UNVERIFIED_LEASE if _is_unverified(session) else dt.timedelta(minutes=study.lease_minutes)
    allocation = Allocation.objects.create(
        study=study,
        session=session,
        participant=session.participant,
        condition=cell.condition,
        order=cell.order,
        counts=counts,
        seed=seed,
        allocated_at=now,
        lease_expires_at=now + lease,
    )
    _record(event_kinds.ALLOCATION_MADE, allocation, session, counts=dict(counts), seed=seed, rule=rule)


def _release(allocations: Iterable[Allocation], reason: str) -> int:
    """Release those of the allocations that are live; the caller has locked their study."""
    ids = [allocation.pk for allocation in allocations]
    live = Allocation.objects.filter(pk__in=ids, state=AllocationState.LIVE).select_related("condition", "session")
    released = list(live.order_by("id"))
    for allocation in released:
        change(allocation, state=AllocationState.RELEASED, ended_at=timezone.now(), release_reason=reason)
        _record(event_kinds.ALLOCATION_RELEASED, allocation, allocation.session, reason=reason)
    return len(released)


def _record(kind: str, allocation: Allocation, session: AnnotationSession, **payload: Any) -> None:
    key = cell_key(allocation.condition, allocation.order)
    events.record(kind, session, allocation, cell=key, **payload)
