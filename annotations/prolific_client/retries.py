"""How long somebody is willing to wait for Prolific: for one answer, and between tries."""

import datetime as dt
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from annotations.prolific_client.prolific_errors import ProlificError

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
