"""What a coordinator asks of Prolific: stored here, sent by a worker (`request_sender`).

A request is a row, written with its audit record in one transaction, so what was asked is asked once and not forgotten.
"""

import datetime as dt
from typing import Final, Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotations.base.service_errors import IdentityDestroyed, NoProlificToken, NotPossible
from annotations.models import ProlificRequest, RequestState, Submission
from annotations.prolific import recruitment

Act = Literal["approve", "complete", "request_return", "screen_out", "reject", "unreject", "message"]
DOUBLE_CLICK: Final = dt.timedelta(minutes=1)  # in which nobody means to write the same words twice


def ask(submission: Submission, act: Act, *, by: str, **detail: str) -> ProlificRequest:
    """Store what a coordinator asks of Prolific, and return it; it is sent in seconds.

    approve · complete (with the study's researcher code) · request_return(reason) · screen_out(reason, for our audit
    log) · reject(message of 100 characters or more, category of REJECTION_CATEGORIES) · unreject(reason, for our audit
    log) · message(text). The forms see to the texts, and `discrepancy_repairs` that the act fits. by: the user's name.
    What was asked and is not sent yet is returned as it is, so a double click asks once; of messages, one of the same
    words within DOUBLE_CLICK. Raises NoProlificToken, NotPossible without a researcher code, IdentityDestroyed.
    """
    if not settings.PROLIFIC_TOKEN:
        raise NoProlificToken
    if act == "complete":
        detail = {"code": _researcher_code(submission)}
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if locked.sealed_ids is None:
            raise IdentityDestroyed
        if asked := _asked_already(locked, act, detail):
            return asked
        said = {"category": detail["category"]} if "category" in detail else {}
        reason = detail.get("reason") or detail.get("message", "")
        return recruitment.store(submission.study, act, detail, by=by, submission=locked, reason=reason, **said)


def _asked_already(submission: Submission, act: Act, detail: dict[str, str]) -> ProlificRequest | None:
    asked = submission.requests.filter(act=act)
    if act == "message":  # sent at once, so the first click's may be done by the second
        lately = asked.filter(detail=detail, created_at__gt=timezone.now() - DOUBLE_CLICK)
        return lately.exclude(state=RequestState.FAILED).first()
    return asked.filter(state=RequestState.PENDING).first()


def _researcher_code(submission: Submission) -> str:
    code: str = submission.study.researcher_code
    if not code:
        raise NotPossible(
            "This study has no researcher code. On Prolific, create a completion code with the actor "
            "“researcher”, then enter it in the study’s settings."
        )
    return code
