"""Ask Prolific for something, as to pause, start or stop a study: a request is stored here, and sent by a worker.

What was asked for last is what shall be. An earlier request that nobody is sending gives way to it, and one that is
being sent goes first: two of them are never on the line at once, so none can overtake the other.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotations.base.service_errors import NoProlificToken, NotPossible
from annotations.log import audit
from annotations.models import ProlificRequest, RequestState, Study, Submission
from annotations.prolific_client.client import StudyAct
from annotations.prolific_client.study_statuses import StudyRequest
from annotations.queue import worker_wakeup

TRANSITIONS: Final[dict[str, StudyAct]] = {"pause_study": "PAUSE", "start_study": "START", "stop_study": "STOP"}
SUPERSEDED: Final = "A later request replaced this one."


def ask(study: Study, act: StudyRequest, *, by: str) -> ProlificRequest:
    """Store that the study shall be paused, started or stopped on Prolific, and return it; it is sent in seconds.

    by: the user's name. What was asked last and is not done yet is returned as it is. Raises NoProlificToken,
    NotPossible where the study has no id there.
    """
    refuse_unlinked(study)
    if act not in TRANSITIONS:
        raise NotPossible(f"“{act}” is not a request that Prolific accepts.")
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # one after the other
        pending = study.prolific_requests.filter(act__in=TRANSITIONS, state=RequestState.PENDING)
        newest = pending.order_by("-pk").first()
        if newest is not None and newest.act == act:
            return newest
        _supersede(pending)
        return store(study, act, by=by)


def refuse_unlinked(study: Study) -> None:
    """Raise NoProlificToken, or NotPossible where the study has no id on Prolific."""
    if not settings.PROLIFIC_TOKEN:
        raise NoProlificToken
    if not study.external_study_id:
        raise NotPossible("The study has no Prolific id, so Clarify cannot send requests about it. Enter the id first.")


def store(
    study: Study,
    act: str,
    detail: Mapping[str, Any] | None = None,
    *,
    by: str,
    submission: Submission | None = None,
    **said: Any,
) -> ProlificRequest:
    """Store a request, with its line in the audit log, in the caller's transaction; it is sent in seconds.

    detail: what Prolific is sent; said: what the audit log says besides.
    """
    request = ProlificRequest.objects.create(
        study=study, submission=submission, act=act, detail=detail or {}, due_at=timezone.now(), requested_by=by
    )
    audit.record(f"prolific_{act}", submission or study, by=by, request=request.pk, **said)
    worker_wakeup.dispatch_on_commit(worker_wakeup.CALL_PROLIFIC)
    return request


def is_superseded(request: ProlificRequest) -> bool:
    """Say whether something else was asked about the study since."""
    later = ProlificRequest.objects.filter(study=request.study_id, act__in=TRANSITIONS, pk__gt=request.pk)
    return request.act in TRANSITIONS and later.exists()


def has_to_wait() -> Q:
    """The requests that are not sent yet, since an earlier one about the same study may be on the line."""
    earlier = ProlificRequest.objects.filter(
        study=OuterRef("study"), act__in=TRANSITIONS, state=RequestState.PENDING, pk__lt=OuterRef("pk")
    )
    return Q(Exists(earlier), act__in=TRANSITIONS)


def note_end(request: ProlificRequest, state: RequestState, reason: str) -> None:
    """Write into the audit log what became of a request about a study, in the transaction of its end."""
    subject = request.act.replace("_", " ")
    audit.record(
        f"prolific_{state}", request.study, by=audit.SYSTEM, subject=subject, reason=reason, request=request.pk
    )


def _supersede(pending: QuerySet[ProlificRequest]) -> None:
    """End those that no worker is sending: never tried, or with a try that came to its end."""
    for request in pending.filter(Q(attempts=0) | ~Q(last_error="")).select_related("study"):
        still = pending.filter(Q(attempts=0) | ~Q(last_error=""), pk=request.pk)
        if still.update(state=RequestState.FAILED, finished_at=timezone.now(), last_error=SUPERSEDED):
            note_end(request, RequestState.FAILED, SUPERSEDED)
