"""When a call is tried again, and after how long: full jitter, and never longer than somebody is willing to wait."""

import datetime as dt
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from annotations.prolific.prolific_errors import Busy, ProlificError, ServerFault

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RetryPolicy:
    """How often a call is tried and how long is waited between, in seconds.

    The n-th wait is uniform in [0, min(max_wait, base * 2**n)]. Where Prolific names a wait, it is that one and at most
    `base` more; one above `max_wait` is not waited for here: the caller gets the error, and its `retry_after`.
    """

    tries: int = 4
    base: float = 0.5
    max_wait: float = 8.0
    sleep: Callable[[float], object] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform


SINGLE_TRY = RetryPolicy(tries=1)


def call(retry_policy: RetryPolicy, once: Callable[[], Answer], *, is_repeatable: bool) -> Answer:
    """Return what `once` returns; try again after a temporary error where the call may be repeated.

    is_repeatable: doing it twice is as good as once; otherwise only what surely had no effect is tried again.
    """
    tried = 0
    while True:
        try:
            return once()
        except ProlificError as error:
            tried += 1
            may_repeat = error.is_temporary and (is_repeatable or error.is_undone)
            if tried >= retry_policy.tries or not may_repeat:
                raise
            wait = _wait(retry_policy, error, tried)
            if wait is None:
                raise
        retry_policy.sleep(wait)


def backoff(
    tried: int, *, base: float, max_wait: float, uniform: Callable[[float, float], float], floor: float = 0.0
) -> float:
    """Return the seconds to wait after `tried` failures: uniform in [floor * most, most].

    most: min(max_wait, base * 2**(tried - 1)); floor: the share of it that is waited in any case, 0 to 1.
    """
    most = min(max_wait, base * 2 ** (tried - 1))
    return uniform(floor * most, most)


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


def _wait(retry_policy: RetryPolicy, error: ProlificError, tried: int) -> float | None:
    asked = error.retry_after if isinstance(error, Busy | ServerFault) else None
    if asked is None:
        return backoff(tried, base=retry_policy.base, max_wait=retry_policy.max_wait, uniform=retry_policy.uniform)
    return asked + retry_policy.uniform(0.0, retry_policy.base) if asked <= retry_policy.max_wait else None
