"""Telling of alarms in a thread beside the sweeps: whoever is told may be slow, and nothing else waits for that."""

import logging
import threading

from django.db import DatabaseError, connections
from django.utils import timezone

from annotations.services import alarms

logger = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


def begin() -> threading.Thread | None:
    """Tell of what is due; None where the last telling still goes on, and comes to it at the next turn."""
    if not _one_at_a_time.acquire(blocking=False):
        return None
    thread = threading.Thread(target=_tell, daemon=True)
    thread.start()
    return thread


def _tell() -> None:
    try:
        alarms.tell_due(timezone.now())
    except DatabaseError as error:
        logger.warning("alarms are told at the next turn: %s", type(error).__name__)
    finally:
        connections.close_all()
        _one_at_a_time.release()
