"""What a coordinator asks of Prolific: checked and stored here, sent by a worker (`prolific_calls`).

A request is a row, written with its audit record in one transaction, so what was asked is asked once and not forgotten.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotations.models import Outcome, ProlificRequest, RequestState, Submission
from annotations.prolific.client import MIN_REJECTION_MESSAGE, REJECTION_CATEGORIES
from annotations.services.common.service_errors import IdentityDestroyed, NoProlificToken, RequestRefused
from annotations.services.studies import recruitment

Act = Literal["approve", "complete", "request_return", "screen_out", "reject", "unreject", "message"]
MAX_MESSAGE_LENGTH: Final = 5000  # characters
DOUBLE_CLICK: Final = dt.timedelta(minutes=1)  # in which nobody means to write the same words twice
Detail = Mapping[str, str]


def ask(submission: Submission, act: Act, *, by: str, **detail: str) -> ProlificRequest:
    """Store what a coordinator asks of Prolific, and return it; it is sent in seconds.

    approve · complete (with the study's researcher code) · request_return(reason) · screen_out(reason, for our audit
    log) · reject(message of 100 characters or more, category of REJECTION_CATEGORIES) · unreject(reason, for our audit
    log) · message(text). by: the user's name. What was asked and is not sent yet is returned as it is, so a double
    click asks once; of messages, one of the same words within DOUBLE_CLICK. Raises NoProlificToken, RequestRefused
    where something is missing, IdentityDestroyed.
    """
    if not settings.PROLIFIC_TOKEN:
        raise NoProlificToken
    if act not in _CHECKS:
        raise RequestRefused(f"“{act}” is not a request that Prolific accepts.")
    checked = _CHECKS[act](submission, {name: value.strip() for name, value in detail.items()})
    with transaction.atomic():
        locked = Submission.objects.select_for_update(no_key=True).get(pk=submission.pk)
        if locked.sealed_ids is None:
            raise IdentityDestroyed
        if asked := _asked_already(locked, act, checked):
            return asked
        said = {"category": checked["category"]} if "category" in checked else {}
        reason = checked.get("reason") or checked.get("message", "")
        return recruitment.store(submission.study, act, checked, by=by, submission=locked, reason=reason, **said)


def ask_again(request: ProlificRequest, *, by: str) -> ProlificRequest:
    """Ask once more for what failed, as a new request; raises what `ask` does, RequestRefused unless it failed."""
    if request.state != RequestState.FAILED or request.submission is None:
        raise RequestRefused("This request did not fail. Only a failed request can be sent again.")
    return ask(request.submission, request.act, by=by, **request.detail)  # type: ignore[arg-type]  # checked there


def _asked_already(submission: Submission, act: Act, detail: Detail) -> ProlificRequest | None:
    asked = submission.requests.filter(act=act)
    if act == "message":  # sent at once, so the first click's may be done by the second
        return (
            asked.filter(detail=detail, created_at__gt=timezone.now() - DOUBLE_CLICK)
            .exclude(state=RequestState.FAILED)
            .first()
        )
    return asked.filter(state=RequestState.PENDING).first()


def _complete(submission: Submission, detail: Detail) -> dict[str, str]:
    code = submission.study.researcher_code
    if not code:
        raise RequestRefused(
            "This study has no researcher code. On Prolific, create a completion code with the actor "
            "“researcher”, then enter it in the study's settings."
        )
    return {"code": code}


def _reject(submission: Submission, detail: Detail) -> dict[str, str]:
    message, category = detail.get("message", ""), detail.get("category", "")
    if submission.session is not None and submission.session.outcome == Outcome.FAILED_CHECK:
        raise RequestRefused(
            "A failed comprehension check is not a reason for rejection. Ask for a return, or screen the "
            "person out with pay."
        )
    if len(message) < MIN_REJECTION_MESSAGE:
        raise RequestRefused(
            f"The message to the person is too short: {len(message)} characters. A rejection needs at least "
            f"{MIN_REJECTION_MESSAGE}."
        )
    if category not in REJECTION_CATEGORIES:
        raise RequestRefused("A rejection needs a category. Choose one of Prolific's.")
    return {"message": message, "category": category}


def _message(submission: Submission, detail: Detail) -> dict[str, str]:
    text = _needed(detail, "text", "Write something first.")
    if len(text) > MAX_MESSAGE_LENGTH:
        raise RequestRefused(f"The message is too long. Use at most {MAX_MESSAGE_LENGTH} characters.")
    if submission.is_of_another:
        raise RequestRefused(
            "Prolific names another participant for this submission. Write to them on Prolific's page."
        )
    return {"text": text}


def _reason(otherwise: str) -> Callable[[Submission, Detail], dict[str, str]]:
    """The check of an act that needs a reason and nothing else."""
    return lambda submission, detail: {"reason": _needed(detail, "reason", otherwise)}


def _needed(detail: Detail, name: str, otherwise: str) -> str:
    if not detail.get(name):
        raise RequestRefused(otherwise)
    return detail[name]


_CHECKS: dict[str, Callable[[Submission, Detail], dict[str, Any]]] = {
    "approve": lambda submission, detail: {},
    "complete": _complete,
    "request_return": _reason("Give the reason for the return. The person reads it."),
    "screen_out": _reason("Give the reason for the screen-out. It is recorded in the audit log."),
    "reject": _reject,
    "unreject": _reason("Give the reason for taking back the rejection. It is recorded in the audit log."),
    "message": _message,
}
