"""Errors that last until an operator acts, such as missing weights: log each once a minute, not at every sweep."""

import logging
import time

EVERY_S = 60.0

logger = logging.getLogger(__name__)
_last: dict[str, float] = {}


def log_error_throttled(message: str) -> None:
    """Log an error, unless the same message was logged less than EVERY_S ago."""
    now = time.monotonic()
    if now - _last.get(message, -EVERY_S) >= EVERY_S:
        _last[message] = now
        logger.error(message)


def forget() -> None:
    """Log each error again, as in a new process."""
    _last.clear()
