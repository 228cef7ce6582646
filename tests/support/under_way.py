"""Requests that a live server is still at work on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_finished, request_started


class Requests:
    """How many requests the live server is at work on."""

    def __init__(self) -> None:
        self._begun = self._ended = 0

    def began(self, **_: Any) -> None:
        self._begun += 1

    def ended(self, **_: Any) -> None:
        self._ended += 1

    def wait_until_idle(self) -> None:
        """Return once nothing has been under way for a moment."""
        begun_at = quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 0.05:
            assert time.monotonic() - begun_at < 30, "a request does not end"
            time.sleep(0.005)
            if self._begun > self._ended:
                quiet_since = time.monotonic()


@contextmanager
def counted() -> Iterator[Requests]:
    """Count the requests of a block."""
    requests = Requests()
    request_started.connect(requests.began)
    request_finished.connect(requests.ended)
    try:
        yield requests
    finally:
        request_started.disconnect(requests.began)
        request_finished.disconnect(requests.ended)
