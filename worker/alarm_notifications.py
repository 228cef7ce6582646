"""Alarm notifications from a thread beside the sweeps: a receiver may be slow, and nothing else waits for it."""

import logging
import threading

from django.db import Error, connections
from django.utils import timezone

from annotations.services.monitoring import alarm_emails

logger = logging.getLogger(__name__)


def notify_in_background() -> threading.Thread:
    """Send the notifications that are due. While another thread sends, here or elsewhere, this one ends at once."""
    thread = threading.Thread(target=_notify, daemon=True)
    thread.start()
    return thread


def _notify() -> None:
    try:
        alarm_emails.notify_due(timezone.now())
    except Error as error:
        logger.warning("alarm notifications wait for the next sweep: %s", type(error).__name__)
    finally:
        connections.close_all()
