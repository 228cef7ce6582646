"""Telling a study's people of its alarms by e-mail. The live page and the overview show each alarm in any case."""

import datetime as dt
import logging

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse

from annotations.base.emails import NotificationFailed, send_email
from annotations.models import Alarm

MAX_ATTEMPTS = 8
LEASE = dt.timedelta(seconds=60)  # longer than a mail server may take
FIRST_RETRY_S = 15.0  # doubled with each attempt: the last one comes about half an hour after the first

logger = logging.getLogger(__name__)


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
