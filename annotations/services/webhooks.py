"""Taking in Prolific's webhooks, and setting them up. They come at least once, in any order."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from annotations.models import WebhookDelivery
from annotations.prolific.client import Prolific
from annotations.services.submissions import Source, find, note_status

SUBMISSION_STATUS: Final = "submission.status.change"
EVENT_TYPES: Final = (SUBMISSION_STATUS,)  # what we subscribe to
DUPLICATE: Final = "duplicate"
UNKNOWN_SUBMISSION: Final = "unknown_submission"
IGNORED: Final = "ignored"


@dataclass(frozen=True)
class Delivery:
    """A webhook whose signature was checked. `occurred_at` is Prolific's clock."""

    event_id: str
    event_type: str
    occurred_at: dt.datetime
    body: Mapping[str, Any]


def take(delivery: Delivery) -> str:
    """Store a delivery with its effect, in one transaction; return the effect.

    applied · older (something newer is known) · unknown_submission (nobody here knows it: the next poll tells whether
    it is of one of our studies) · ignored (not about a submission) · duplicate (it was taken in before).
    """
    with transaction.atomic():
        row, is_new = WebhookDelivery.objects.get_or_create(
            event_id=delivery.event_id,
            defaults={
                "event_type": delivery.event_type[:60],
                "occurred_at": delivery.occurred_at,
                "effect": IGNORED,
            },
        )
        if not is_new:
            return DUPLICATE
        _apply(row, delivery)
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
        made = prolific.subscribe(workspace_id, event_type, target_url)
        prolific.confirm_subscription(made.subscription_id, made.confirmation)
    return missing


def _apply(row: WebhookDelivery, delivery: Delivery) -> None:
    resource, status = delivery.body.get("resource_id"), delivery.body.get("status")
    is_about_one = delivery.event_type == SUBMISSION_STATUS and isinstance(resource, str) and isinstance(status, str)
    if not (is_about_one and resource and status):
        return
    row.status = status[:40]
    submission = find(resource)
    if submission is None:
        row.effect = UNKNOWN_SUBMISSION
        return
    row.submission = submission
    row.effect = note_status(
        submission.study, submission=submission, status=status, at=delivery.occurred_at, source=Source.WEBHOOK
    )
