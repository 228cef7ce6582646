"""Telling of alarms in a thread beside the sweeps: whoever is told may be slow, and nothing else waits for that."""

import logging
import threading

from django.db import Error, connections
from django.utils import timezone

from annotations.services.monitoring import alarms

logger = logging.getLogger(__name__)


def begin() -> threading.Thread:
    """Tell of what is due. While an earlier telling goes on, here or elsewhere, the thread ends with nothing told."""
    thread = threading.Thread(target=_tell, daemon=True)
    thread.start()
    return thread


def _tell() -> None:
    try:
        alarms.tell_due(timezone.now())
    except Error as error:
        logger.warning("alarms are told at the next turn: %s", type(error).__name__)
    finally:
        connections.close_all()
