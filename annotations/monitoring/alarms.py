"""Alarms of studies: raised once, cleared when what they are about is over.

A study's people are told by e-mail; the live page and the overview show each alarm in any case.
"""

import datetime as dt
import logging
from collections import defaultdict

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse

from annotations.base.emails import NotificationFailed, send_email
from annotations.datasets.encoder_problems import encoder_problems
from annotations.log import audit
from annotations.models import (
    OPEN_STATES,
    Alarm,
    BatchState,
    PaymentBatch,
    ProlificRequest,
    RequestState,
    Study,
    StudyOnProlific,
    StudyState,
    Submission,
)
from annotations.monitoring import queue_health
from annotations.monitoring.participant_flow import Shares, shares
from annotations.payments import compared_records as reconciliation
from annotations.payments.discrepancies import REVIEW_LATE, REVIEW_WITHIN
from annotations.prolific import recruitment, status_comparison
from annotations.prolific_client.statuses import Status
from annotations.prolific_client.study_statuses import SENDING

MAX_WAIT_S = 60.0  # of a phrase for its score, before somebody is told
MIN_PEOPLE = 10  # below which a share says nothing

logger = logging.getLogger(__name__)


Conditions = dict[str, str]  # what is wrong now: its kind, for as long as it lasts, and a message with its numbers


def watch(now: dt.datetime) -> int:
    """Raise and clear the alarms of every study that runs, or where somebody waits for money; returns how many changed.

    One row, however often it runs; and as many queries for one study as for a thousand.
    """
    lasting = Alarm.objects.filter(cleared_at__isnull=True)
    known = {(study, kind): pk for pk, study, kind in lasting.values_list("pk", "study", "kind")}
    found = active_conditions(now)
    kinds = {(study.pk, kind) for study, conditions in found.items() for kind in conditions}
    new = [
        Alarm(study=study, kind=kind, message=message, raised_at=now)
        for study, conditions in found.items()
        for kind, message in conditions.items()
        if (study.pk, kind) not in known
    ]
    Alarm.objects.bulk_create(new, ignore_conflicts=True)  # another process may have raised it in this moment
    cleared = lasting.filter(pk__in=[pk for key, pk in known.items() if key not in kinds]).update(cleared_at=now)
    for alarm in new:
        logger.warning("alarm %s in study %s: %s", alarm.kind, alarm.study.slug, alarm.message)
    return len(new) + cleared


def active_conditions(now: dt.datetime) -> dict[Study, Conditions]:
    """Return what is wrong with each study; with one that does not run, of its money and on Prolific alone."""
    watched = _watched()
    money, there = _money(now), status_comparison.mismatches(watched)
    found = {study: money[study.pk] | there[study.pk] for study in watched}
    running = [study for study in watched if study.state in OPEN_STATES]
    problems, people = encoder_problems(running), shares(running, now)
    scoring, queues = _scoring(now), _silent_queues(now)
    for study in running:
        encoder = {"encoder": problems[study.pk][0]} if problems[study.pk] else {}
        found[study] |= encoder | scoring.get(study.pk, {}) | queues | _people(study, people[study.pk])
    return found


def acknowledge(alarm: Alarm, *, by: str) -> None:
    """Note who acknowledged an alarm; the first one counts. It stays until what it is about is over."""
    with transaction.atomic():
        if Alarm.objects.filter(pk=alarm.pk, acknowledged_by="").update(acknowledged_by=by):
            audit.record("alarm_acknowledged", alarm.study, by=by, subject=alarm.kind, message=alarm.message)


def _watched() -> list[Study]:
    """Those that run, and closed ones where money may wait for somebody, or Prolific may send people."""
    batches = PaymentBatch.objects.filter(study=OuterRef("pk"), state__in=(BatchState.UNSURE, BatchState.FAILED))
    reviews = Submission.objects.counted().filter(study=OuterRef("pk"), status=Status.AWAITING_REVIEW)
    there = StudyOnProlific.objects.filter(study=OuterRef("pk"), status__in=SENDING)
    failed = ProlificRequest.objects.filter(
        study=OuterRef("pk"), act__in=recruitment.TRANSITIONS, state=RequestState.FAILED
    )
    is_closed = Q(state=StudyState.CLOSED)
    outside = Exists(batches) | Exists(reviews) | (is_closed & (Exists(there) | Exists(failed)))
    return list(Study.objects.filter(Q(state__in=OPEN_STATES) | outside))


_BATCHES = {
    BatchState.UNSURE: (
        "bonuses_unsure",
        "Clarify does not know whether Prolific received a batch of bonuses. Check on Prolific, then "
        "record the result under “Payments”. Until then, no other batch can be sent.",
    ),
    BatchState.FAILED: (
        "bonuses_failed",
        "Bonuses were not paid. See the reason under “Payments”, and make the batch ready again there.",
    ),
}


def _money(now: dt.datetime) -> dict[int, Conditions]:
    """What nobody but a coordinator can settle, and people wait for, by the study's number."""
    found: defaultdict[int, Conditions] = defaultdict(dict)
    for study, state in PaymentBatch.objects.filter(state__in=_BATCHES).values_list("study", "state"):
        kind, message = _BATCHES[BatchState(state)]
        found[study][kind] = message
    for study, late in reconciliation.late_reviews(now).items():
        noun = "submission awaits" if late == 1 else "submissions await"
        found[study]["review_late"] = (
            f"{late} {noun} review for over {REVIEW_LATE.days} days. After {REVIEW_WITHIN.days} days Prolific "
            "approves automatically. See “Reconciliation”."
        )
    return found


def _scoring(now: dt.datetime) -> dict[int, Conditions]:
    waiting = queue_health.phrases_waiting(now)
    late = {study: phrases for study, phrases in waiting.items() if phrases.oldest_s > MAX_WAIT_S}
    last = queue_health.last_score_at() if late else None  # it looks at every score
    nobody_scores = last is None or (now - last).total_seconds() > MAX_WAIT_S
    found = {}
    for study, phrases in late.items():
        noun = "pending phrase" if phrases.n == 1 else "pending phrases"
        waits = f"{phrases.n} {noun}, the oldest for {phrases.oldest_s:.0f} s"
        nobody = f"No phrase on this site has been scored for {MAX_WAIT_S:.0f} s: {waits}."
        slow = f"Scoring cannot keep up: {waits}."
        found[study] = {"nobody_scores": nobody} if nobody_scores else {"oldest_pending": slow}
    return found


def _silent_queues(now: dt.datetime) -> Conditions:
    return {
        f"silent_{row.queue}"[:30]: f"No worker serves the queue “{row.queue}”{_since(row.silent_s)}."
        for row in queue_health.silent(queue_health.workers(now))
    }


def _since(silent_s: float | None) -> str:
    return ", and none ever has" if silent_s is None else f"; the last heartbeat was {silent_s:.0f} s ago"


def _people(study: Study, people: Shares) -> Conditions:
    found = {
        "dropout": (people.dropout, study.alarm_dropout, "of those who consented left before the end"),
        "failed_check": (people.failed_check, study.alarm_failed_check, "did not pass the comprehension check"),
        "returned": (people.returned, study.alarm_dropout, "of the submissions on Prolific were returned"),
    }
    return {
        kind: f"{share.value:.0%} ({share.n} of {share.of}) {what}. The study’s alarm level is {level:.0%}."
        for kind, (share, level, what) in found.items()
        if share.of >= MIN_PEOPLE and share.value is not None and share.value > level
    }


MAX_ATTEMPTS = 8
LEASE = dt.timedelta(seconds=60)  # longer than a mail server may take
FIRST_RETRY_S = 15.0  # doubled with each attempt: the last one comes about half an hour after the first


def notify_due(now: dt.datetime) -> int:
    """Send every notification that is due; return how many alarms are settled. Waits for others: never in a sweep."""
    waiting = Alarm.objects.filter(notified_at__isnull=True, attempts__lt=MAX_ATTEMPTS).select_related("study")
    return sum(_notify(alarm, now) for alarm in waiting if now >= _due_at(alarm))


def send(alarm: Alarm) -> None:
    """Send an alarm to the study's address. Raises NotificationFailed."""
    page = f"{settings.SITE_URL}{reverse('admin:annotations_study_monitor', args=[alarm.study_id])}"
    send_email(
        subject=f"Clarify: {alarm.study.title}: {alarm.kind.replace('_', ' ')}",
        body=f"{alarm.message}\n\nSince {alarm.raised_at:%Y-%m-%d %H:%M:%S} UTC.\n{page}\n",
        to=alarm.study.alarm_email,
    )


def _due_at(alarm: Alarm) -> dt.datetime:
    return alarm.raised_at + dt.timedelta(seconds=FIRST_RETRY_S * (2**alarm.attempts - 1))


def _notify(alarm: Alarm, now: dt.datetime) -> bool:
    """Send one alarm where its study has an address, unless another process is at it.

    The attempt counts first: a crash in it does not repeat for ever.
    """
    # A lock of the session would not do: PgBouncer lends sessions to others.
    is_free = Q(leased_until=None) | Q(leased_until__lt=now)
    row = Alarm.objects.filter(pk=alarm.pk)
    if not row.filter(is_free, attempts=alarm.attempts).update(attempts=F("attempts") + 1, leased_until=now + LEASE):
        return False
    try:
        if alarm.study.alarm_email:
            send(alarm)
        row.update(notified_at=now, last_error="")
    except NotificationFailed as error:
        row.update(last_error=str(error))
        logger.warning("notification of alarm %s in study %s failed: %s", alarm.kind, alarm.study.slug, error)
        return False
    finally:  # who breaks off holds up no other
        row.update(leased_until=None)
    return True
