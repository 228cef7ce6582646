"""What Prolific says of a study."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from annotations.models import ProlificRequest, RequestState, Study, StudyOnProlific
from annotations.prolific import status_comparison
from annotations.prolific.recruitment import TRANSITIONS
from annotations.prolific.submissions import Effect
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.study_statuses import FITS, REACHED_BY, StudyRequest, study_status_of


def allowed_actions(study: Study) -> tuple[StudyRequest, ...]:
    """Return what can be asked about the study as it stands there: of one of which nothing is known, everything."""
    there = status_comparison.standing(study)
    return tuple(act for act, statuses in FITS.items() if there is None or there.status in statuses)  # type: ignore[misc]  # its keys are


@transaction.atomic
def note_status(study: Study, status: str, at: dt.datetime) -> Effect:
    """Take in what Prolific says of a study. at: when it was so, by its clock; what is older changes nothing.

    A request that was tried is looked at again at once where that may have settled it.
    """
    status, now = study_status_of(status), timezone.now()
    said = {"outside_id": study.external_study_id, "status": status, "told_at": at, "noted_at": now}
    row, is_new = StudyOnProlific.objects.select_for_update().get_or_create(study=study, defaults=said)
    if not is_new:
        if row.outside_id == study.external_study_id and at < row.told_at:
            return Effect.OLDER
        StudyOnProlific.objects.filter(pk=row.pk).update(**said)
    if is_new or row.status != status:
        reached = [act for act, statuses in REACHED_BY.items() if status in statuses]
        pending = study.prolific_requests.filter(act__in=reached, state=RequestState.PENDING)
        pending.exclude(last_error="").update(due_at=now)
    return Effect.APPLIED


def find(outside_id: str) -> Study | None:
    """Return the study with an id on Prolific; None where none has it, or two."""
    found = list(Study.objects.filter(external_study_id=outside_id)[:2]) if outside_id else []
    return found[0] if len(found) == 1 else None


def look(study: Study, prolific: Prolific) -> str:
    """Ask Prolific where the study stands, take that in, and return its word. Raises a ProlificError."""
    remote = prolific.study(study.external_study_id)
    note_status(study, remote.status, remote.told_at)
    return study_status_of(remote.status)


def send(prolific: Prolific, request: ProlificRequest) -> None:
    """Have Prolific do what was asked about the study. Raises a ProlificError."""
    prolific.transition_study(request.study.external_study_id, TRANSITIONS[request.act])


def is_in_effect(prolific: Prolific, request: ProlificRequest) -> bool:
    """Look at the study, and say whether it stands where the request wants it. Raises a ProlificError."""
    return look(request.study, prolific) in REACHED_BY[request.act]
