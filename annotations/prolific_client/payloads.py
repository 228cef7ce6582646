"""What Prolific answers, as far as we read it. An unknown field is passed over, an unknown word is kept."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.prolific_client.prolific_errors import UnexpectedAnswer
from annotations.prolific_client.statuses import status_of


@dataclass(frozen=True)
class RemoteSubmission:
    """One submission. `told_at` is Prolific's clock when it answered; money is in integer hundredths."""

    submission_id: str
    participant_id: str
    study_id: str  # empty where the answer names none
    status: str
    told_at: dt.datetime
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    entered_code: str = ""
    reward_cents: int | None = None
    return_requested: bool = False


@dataclass(frozen=True)
class CompletionCode:
    """One of a study's codes, who may use it ("participant" or "researcher"), and what it sets off."""

    code: str
    code_type: str
    actor: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class RemoteStudy:
    """A study as Prolific has it. `told_at` is Prolific's clock when it answered.

    `places` is how many people it is to take; minutes are whole, money in hundredths.
    """

    status: str
    told_at: dt.datetime
    name: str
    url: str
    id_option: str
    completion_codes: tuple[CompletionCode, ...]
    places: int | None
    estimated_minutes: int | None
    max_minutes: int | None
    reward_cents: int | None
    currency: str


@dataclass(frozen=True)
class HookSubscription:
    """A webhook subscription."""

    event_type: str
    target_url: str
    is_enabled: bool


def remote_submission(data: Any, told_at: dt.datetime) -> RemoteSubmission:
    """Read one submission: the list calls the person `participant_id`, the detail `participant`.

    Raises UnexpectedAnswer where the id, the person or the status is missing.
    """
    fields = as_object(data)
    return RemoteSubmission(
        submission_id=text_of(fields, "id"),
        participant_id=text_of(fields, "participant_id", "participant"),
        study_id=text_of(fields, "study_id", "study", needed=False),
        status=status_of(text_of(fields, "status")),
        told_at=told_at,
        started_at=_moment(fields, "started_at"),
        completed_at=_moment(fields, "completed_at"),
        entered_code=text_of(fields, "study_code", "entered_code", needed=False)[:64],
        reward_cents=_whole(fields, "reward"),
        return_requested=bool(fields.get("return_requested")),
    )


def remote_study(data: Any, told_at: dt.datetime) -> RemoteStudy:
    """Read one study; raises UnexpectedAnswer where the id or the status is missing."""
    fields = as_object(data)
    codes = fields.get("completion_codes") or []
    return RemoteStudy(
        status=text_of(fields, "status"),
        told_at=told_at,
        name=text_of(fields, "name", needed=False),
        url=text_of(fields, "external_study_url", needed=False),
        id_option=text_of(fields, "prolific_id_option", needed=False),
        completion_codes=tuple(_completion_code(code) for code in codes if isinstance(code, Mapping)),
        places=_whole(fields, "total_available_places"),
        estimated_minutes=_whole(fields, "estimated_completion_time"),
        max_minutes=_whole(fields, "maximum_allowed_time"),
        reward_cents=_whole(fields, "reward"),
        currency=text_of(fields, "presentment_currency_code", "currency_code", needed=False),
    )


def hook_subscription(data: Any) -> HookSubscription:
    """Read one subscription; raises UnexpectedAnswer where it is no object."""
    fields = as_object(data)
    return HookSubscription(
        event_type=text_of(fields, "event_type", needed=False),
        target_url=text_of(fields, "target_url", needed=False),
        is_enabled=bool(fields.get("is_enabled")),
    )


def as_object(data: Any) -> Mapping[str, Any]:
    """Return a JSON object; raises UnexpectedAnswer for anything else."""
    if not isinstance(data, Mapping):
        raise UnexpectedAnswer("Prolific’s answer is not a JSON object.")
    return data


def results(data: Any) -> list[Any]:
    """Return what a list holds; raises UnexpectedAnswer where it is none."""
    listed = data if isinstance(data, list) else as_object(data).get("results")
    if not isinstance(listed, list):
        raise UnexpectedAnswer("Prolific’s answer has no list of results.")
    return listed


def moment(text: str) -> dt.datetime | None:
    """Return an ISO time, or seconds or milliseconds since 1970, as one in UTC; None where it is neither."""
    text = text.strip().replace(" UTC", "+00:00")  # as the file of submissions has it
    try:
        if text.replace(".", "", 1).isdigit():
            seconds = float(text)
            return dt.datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, dt.UTC)
        at = dt.datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _completion_code(fields: Mapping[str, Any]) -> CompletionCode:
    actions = fields.get("actions") or []
    names = [action.get("action", "") if isinstance(action, Mapping) else action for action in actions]
    return CompletionCode(
        code=text_of(fields, "code", needed=False),
        code_type=text_of(fields, "code_type", needed=False),
        actor=text_of(fields, "actor", needed=False) or "participant",
        actions=tuple(str(name) for name in names),
    )


def text_of(fields: Mapping[str, Any], *names: str, needed: bool = True) -> str:
    """Return the first of the named fields that has a text; raises UnexpectedAnswer where none of a needed one has."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, Mapping):  # a nested object stands for its id
            value = value.get("id")
        if isinstance(value, str | int) and str(value):
            return str(value)
    if needed:
        raise UnexpectedAnswer(f"Prolific’s answer has no {names[0]}.")
    return ""


def _moment(fields: Mapping[str, Any], name: str) -> dt.datetime | None:
    value = fields.get(name)
    return moment(value) if isinstance(value, str) else None


def _whole(fields: Mapping[str, Any], name: str) -> int | None:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 0:
        return None
    return int(value)
