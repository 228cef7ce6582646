"""Taking in Prolific's webhooks, and setting them up. They come at least once, in any order."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from annotations.models import WebhookDelivery
from annotations.prolific import study_status
from annotations.prolific.study_status import note_status as note_study
from annotations.prolific.submissions import Source, StatusReport, find, note_status
from annotations.prolific_client.client import Prolific

SUBMISSION_STATUS: Final = "submission.status.change"
STUDY_STATUS: Final = "study.status.change"
EVENT_TYPES: Final = (SUBMISSION_STATUS, STUDY_STATUS)  # what we subscribe to
DUPLICATE: Final = "duplicate"
UNKNOWN_SUBMISSION: Final = "unknown_submission"
UNKNOWN_STUDY: Final = "unknown_study"
IGNORED: Final = "ignored"


def take(event_id: str, event_type: str, occurred_at: dt.datetime, body: Mapping[str, Any]) -> str:
    """Store a webhook whose signature was checked, with its effect, in one transaction; return the effect.

    occurred_at: by Prolific's clock. applied · older (something newer is known) · unknown_submission (nobody here knows
    it: the next poll tells whether it is of one of our studies) · unknown_study (no study here has that id) · ignored
    (about something else) · duplicate (it was taken in before).
    """
    of_it = {"event_type": event_type[:60], "occurred_at": occurred_at, "effect": IGNORED}
    with transaction.atomic():
        row, is_new = WebhookDelivery.objects.get_or_create(event_id=event_id, defaults=of_it)
        if not is_new:
            return DUPLICATE
        _apply(row, event_type, occurred_at, body)
        row.save(update_fields=["submission", "status", "effect"])
    return row.effect


def subscribe(prolific: Prolific, workspace_id: str, target_url: str) -> list[str]:
    """Subscribe to what this site takes in, confirm it, and return the types that were new.

    What is subscribed to already is left as it is. Raises a ProlificError.
    """
    there = {
        hook.event_type
        for hook in prolific.hook_subscriptions(workspace_id)
        if hook.target_url == target_url and hook.is_enabled
    }
    missing = [event_type for event_type in EVENT_TYPES if event_type not in there]
    for event_type in missing:
        prolific.subscribe(workspace_id, event_type, target_url)
    return missing


def _apply(row: WebhookDelivery, event_type: str, at: dt.datetime, body: Mapping[str, Any]) -> None:
    resource, status = body.get("resource_id"), body.get("status")
    if not (isinstance(resource, str) and isinstance(status, str) and resource and status):
        return
    if event_type == STUDY_STATUS:
        row.status = status[:40]
        study = study_status.find(resource)
        row.effect = UNKNOWN_STUDY if study is None else note_study(study, status, at)
    elif event_type == SUBMISSION_STATUS:
        row.status = status[:40]
        row.submission = submission = find(resource)
        row.effect = UNKNOWN_SUBMISSION
        if submission is not None:
            report = StatusReport(status, at, Source.WEBHOOK)
            row.effect = note_status(submission.study, report, submission=submission)
