"""What can go wrong between us and Prolific, and how long somebody waits for an answer and between tries.

No message holds the token, an id of a person, or an address."""

import datetime as dt
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import ClassVar

_OBJECT_ID = re.compile(r"\b[0-9a-fA-F]{24}\b|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")


class ProlificError(Exception):
    """Base. `is_temporary`: it may work later; `is_undone`: Prolific surely did nothing.

    retry_after: seconds that Prolific asked us to wait, None where it named none.
    """

    is_temporary: ClassVar[bool] = False
    is_undone: ClassVar[bool] = True

    def __init__(self, message: str = "", retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Unreachable(ProlificError):
    """No connection: nothing was sent."""

    is_temporary = True


class NoAnswer(ProlificError):
    """It was sent, and no answer came in time: whether it was done is not known."""

    is_temporary = True
    is_undone = False


class Busy(ProlificError):
    """429."""

    is_temporary = True


class ServerFault(ProlificError):
    """5xx: whether it was done is not known."""

    is_temporary = True
    is_undone = False


class TokenRefused(ProlificError):
    """401: the token is none, or no more."""


class NotFound(ProlificError):
    """404."""


class Refused(ProlificError):
    """Any other 4xx: Prolific says why."""


class UnexpectedAnswer(ProlificError):
    """An answer that does not look like what Prolific documents."""

    is_undone = False


def without_ids(text: str, *ids: str) -> str:
    """Return a text without the given ids and without anything that looks like one of Prolific's."""
    for outside_id in sorted(filter(None, ids), key=len, reverse=True):
        text = text.replace(outside_id, "…")
    return _OBJECT_ID.sub("…", text)


Uniform = Callable[[float, float], float]


@dataclass(frozen=True)
class Patience:
    """How often a call is tried, and the seconds to connect, to wait for an answer, and to wait between tries.

    The n-th wait is uniform in [0, min(max_wait, base * 2**n)]. Where Prolific names a wait, it is that one and at most
    `base` more; one above `max_wait` is not waited for here: the caller gets the error, and its `retry_after`.
    """

    tries: int = 3
    connect: float = 3.0
    answer: float = 10.0
    base: float = 0.5
    max_wait: float = 2.0
    sleep: Callable[[float], object] = time.sleep
    uniform: Uniform = random.uniform

    def wait_after(self, error: ProlificError, tried: int) -> float | None:
        """Return the seconds to wait after `tried` failures, the last by `error`; None where that is too long."""
        if error.retry_after is None:
            return self.uniform(0.0, backoff(tried, self.base, self.max_wait))
        return error.retry_after + self.uniform(0.0, self.base) if error.retry_after <= self.max_wait else None


def backoff(tried: int, base: float, max_wait: float) -> float:
    """Return the longest wait after `tried` failures: min(max_wait, base * 2**(tried - 1))."""
    return min(max_wait, base * 2.0 ** (tried - 1))


def retry_after(value: str, now: dt.datetime) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date; None where it is neither."""
    value = value.strip()
    if value.isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp() - now.timestamp())
