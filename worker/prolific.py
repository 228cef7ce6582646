"""Prolific, from a worker: what coordinators asked for is sent, and each running study's submissions are polled."""

import time

from django.utils import timezone

from annotations.payments import payment_sender
from annotations.prolific import request_sender, study_status, submissions
from annotations.prolific import site_client as prolific_client
from annotations.prolific_client.prolific_errors import ProlificError, TokenRefused
from worker.common.throttled_log import log_error_throttled
from worker.queue import worker_heartbeat

BUDGET_S = 15.0  # a turn; what coordinators ask for and rehearsals share the worker


def send_due_requests() -> int:
    """Send what is due, requests and bonuses; returns how many are done by it. Without a token they wait."""
    prolific = prolific_client.client()
    if prolific is None:
        return 0
    try:
        return request_sender.call_due(prolific) + payment_sender.send_due(prolific)
    except TokenRefused as error:
        log_error_throttled(f"requests to Prolific are on hold: {error}")
        return 0


def reconcile_due_studies() -> int:
    """Poll the studies whose last poll is too old, with their submissions; returns how many of these were seen.

    Without a token there are none.
    """
    prolific = prolific_client.client()
    if prolific is None:
        return 0
    seen, ends = 0, time.monotonic() + BUDGET_S
    for study in submissions.due_for_reconciliation(timezone.now()):
        if time.monotonic() >= ends:
            break
        try:
            seen += submissions.reconcile(study, prolific) or 0
            study_status.look(study, prolific)
        except ProlificError as error:
            log_error_throttled(f"reconciliation of study {study.slug} with Prolific is incomplete: {error}")
        worker_heartbeat.touch()
    return seen
