"""What Prolific said last of a study, and whether both sides agree on letting people in: what to say if not."""

from collections.abc import Collection

from django.db.models import F, Max

from annotations.models import (
    AuditRecord,
    ProlificRequest,
    RequestState,
    Study,
    StudyOnProlific,
    StudyState,
    event_kinds,
)
from annotations.prolific_client.study_statuses import OVER, PAUSED, REACHED_BY, SENDING

_CHANGES = (event_kinds.STUDY_OPENED, event_kinds.STUDY_PAUSED, event_kinds.STUDY_RESUMED, event_kinds.STUDY_CLOSED)
_SHUT = "Prolific still sends people, but this study is {state}, so they cannot enter. {way_on} See “On Prolific”."
_WAYS_ON = {StudyState.PAUSED: "Pause it there, or resume it here.", StudyState.CLOSED: "Stop it there."}


def standing(study: Study) -> StudyOnProlific | None:
    """Return what Prolific said last of the study with the id that is entered now; None where that is nothing."""
    return StudyOnProlific.objects.filter(study=study, outside_id=study.external_study_id).first()


def newest_request(study: Study) -> ProlificRequest | None:
    """Return what was asked about the study last."""
    return study.prolific_requests.filter(act__in=REACHED_BY).order_by("-pk").first()


def mismatches(studies: Collection[Study]) -> dict[int, dict[str, str]]:
    """Return what is wrong between the two sides of each study, a sentence by its kind; of a draft, nothing.

    Prolific's word counts where it was heard after the last change here: a study that was paused on both sides a
    minute ago is not told of for what the poll before said.
    """
    heard = StudyOnProlific.objects.filter(study__in=studies, outside_id=F("study__external_study_id"))
    there = {row.study_id: row for row in heard}
    changes = AuditRecord.objects.filter(study__in=studies, act__in=_CHANGES).order_by().values_list("study")
    changed_at = dict(changes.annotate(at=Max("occurred_at")))
    asked = ProlificRequest.objects.filter(study__in=studies, act__in=REACHED_BY)
    newest = {request.study_id: request for request in asked.order_by("study_id", "-pk").distinct("study_id")}
    found: dict[int, dict[str, str]] = {}
    for study in studies:
        last = there.get(study.pk)
        found[study.pk] = _failed_request(newest.get(study.pk), last.status if last else "")
        if last and (study.pk not in changed_at or last.noted_at > changed_at[study.pk]):
            found[study.pk] |= _mismatch(StudyState(study.state), last.status)
    return found


def _mismatch(state: StudyState, status: str) -> dict[str, str]:
    if status in SENDING and state in _WAYS_ON:
        return {"prolific_sends_people": _SHUT.format(state=state, way_on=_WAYS_ON[state])}
    if status == PAUSED and state == StudyState.ACTIVE:
        text = "The study is open here but paused on Prolific, so nobody comes. Start it there again, or pause it here."
        return {"prolific_sends_nobody": f"{text} See “On Prolific”."}
    if status in OVER and state == StudyState.ACTIVE:
        text = f"The study is open here but {status.lower()} on Prolific, so nobody comes from there."
        return {"prolific_sends_nobody": f"{text} Close it here, or give it more places there."}
    return {}


def _failed_request(newest: ProlificRequest | None, status: str) -> dict[str, str]:
    if newest is None or newest.state != RequestState.FAILED or status in REACHED_BY[newest.act]:
        return {}
    asked = newest.act.removesuffix("_study")
    text = f"The request to {asked} this study on Prolific failed: {newest.last_error} See “On Prolific”."
    return {"prolific_request_failed": text}
