"""Withdrawing: a person's own link, which works without a cookie and long after the visit."""

import base64
import hashlib
import hmac

from django.db import transaction
from django.utils import timezone

from annotations.models import AnnotationSession, AssignmentState, EndReason, Outcome, Stage, event_kinds
from annotations.models.participant import LASTING
from annotations.services.allocation import places
from annotations.services.common.service_errors import IdentityDestroyed
from annotations.services.logs import events
from annotations.services.phrases import assignments
from annotations.services.queue import worker_wakeup
from annotations.services.releases import release_requests
from annotations.services.visits import sessions

_TOKEN_DIGITS = 26  # of base32: 130 bits


def token(session: AnnotationSession) -> str:
    """Return what opens the visit's withdrawal page. It is made with the study's own key, so it stays good.

    Raises IdentityDestroyed once the retention period is over: nobody can tell any more whose the visit was.
    """
    if not session.study.pseudonym_key:
        raise IdentityDestroyed
    message = f"withdraw {session.public_id}".encode()
    digest = hmac.digest(session.study.pseudonym_key.encode(), message, hashlib.sha256)
    return base64.b32encode(digest).decode()[:_TOKEN_DIGITS].lower()


def withdraw(session: AnnotationSession) -> AnnotationSession:
    """Mark the visit as withdrawn, and every other of the same person. A worker erases what is marked (`erasure`).

    A visit that lasts ends now, its tasks too, and nothing of it is retrained. One that was completed stays completed,
    and paid. A no-op the second time and after a refused consent; before consent it is a refusal.
    """
    with transaction.atomic():
        visits = session.participant.sessions.select_related("study").order_by("pk")
        # All of them before the study that the first one's place locks: everywhere visits come before studies.
        for visit in list(visits.select_for_update(of=("self",), no_key=True)):
            _withdraw(visit)
    worker_wakeup.dispatch_on_commit(worker_wakeup.ERASE_WITHDRAWN)
    session.refresh_from_db()
    return session


def is_withdrawn(session: AnnotationSession) -> bool:
    """Say whether the visit is withdrawn, and hold its row to the end of the transaction.

    For what a browser may still send: so nothing is stored after the erasure of what is there.
    """
    return AnnotationSession.objects.select_for_update(no_key=True).get(pk=session.pk).withdrawn_at is not None


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
            events.record(event_kinds.SESSION_WITHDRAWN, study=session.study, session=session)
            release_requests.supersede(locked, "somebody in it withdrew")


def _end_tasks(session: AnnotationSession) -> None:
    for assignment in session.assignments.exclude(state=AssignmentState.ENDED).order_by("id"):
        assignments.end(assignment, EndReason.WITHDRAWN)
