"""Withdrawing: a person's own link, which works without a cookie and long after the visit."""

from django.db import transaction
from django.utils import timezone

from annotations.allocation import places
from annotations.log import events, withdrawal_ledger
from annotations.log.withdrawal_ledger import Act
from annotations.models import AnnotationSession, AssignmentState, EndReason, Outcome, Stage, event_kinds
from annotations.models.participant import LASTING
from annotations.phrases import assignments
from annotations.queue import worker_wakeup
from annotations.releases import release_requests
from annotations.results import analysis_requests
from annotations.visits import sessions


def is_over(session: AnnotationSession) -> bool:
    """Whether the token opens no more than a page that says what was done: a later visit has one of its own."""
    return session.withdrawn_at is not None or session.stage == Stage.DECLINED


def withdraw(session: AnnotationSession) -> AnnotationSession:
    """Mark the visit as withdrawn, and every other of the same person. A worker erases what is marked (`erasure`).

    It is written beside the back-ups before the commit. A visit that lasts ends now, its tasks too, and nothing of it
    is retrained. One that was completed stays completed, and paid. A no-op the second time and after a refused consent;
    before consent it is a refusal.
    """
    with transaction.atomic():
        visits = session.participant.sessions.select_related("study").order_by("pk")
        # All of them before the study that the first one's place locks: everywhere visits come before studies.
        for visit in list(visits.select_for_update(of=("self",), no_key=True)):
            _withdraw(visit)
    worker_wakeup.dispatch_on_commit(worker_wakeup.ERASE_WITHDRAWN)
    session.refresh_from_db()
    return session


def _withdraw(session: AnnotationSession) -> None:
    if session.stage == Stage.CONSENT:
        sessions.decline(session)
        return
    now = timezone.now()
    with transaction.atomic():
        locked = AnnotationSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        if locked.withdrawn_at is None and locked.stage != Stage.DECLINED:
            places.release(locked, places.WITHDRAWN)  # locks the study, so before the assignments
            locked.withdrawn_at = now
            if locked.stage in LASTING:
                _end_tasks(locked)
                locked.stage, locked.outcome, locked.ended_at = Stage.WITHDRAWN, Outcome.WITHDRAWN, now
            locked.save(update_fields=["withdrawn_at", "stage", "outcome", "ended_at"])
            events.record(event_kinds.SESSION_WITHDRAWN, session)
            release_requests.supersede(locked, "somebody in it withdrew")
            analysis_requests.forget(session.study)
            withdrawal_ledger.keep(Act.WITHDRAWN, [locked.public_id], now)


def _end_tasks(session: AnnotationSession) -> None:
    for assignment in session.assignments.exclude(state=AssignmentState.ENDED).order_by("id"):
        assignments.end(assignment, EndReason.WITHDRAWN)
