"""Atomic counters in Redis, each of which ends by itself: how often something happened within a window.

They protect the site and decide nothing about anybody's work. While Redis does not answer, every function here returns
None, with one line in the log, and the caller decides what that means.
"""

import hashlib
import hmac
import ipaddress
import logging
import math
import secrets
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from annotations.base.circuit_breaker import CircuitBreaker

_PREFIX = "clarify:"
MAX_WAIT_S = 0.25  # for an answer; a person may wait for it
DAY_S = 24 * 3600
# One script for each step: a counter that was made without an end would stay for ever.
_COUNT = """
local n = redis.call('INCRBY', KEYS[1], ARGV[1])
if n == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {n, redis.call('PTTL', KEYS[1])}
"""
_ATTEMPT = """
local wait = redis.call('PTTL', KEYS[2])
if wait > 0 then return wait end
local beyond = redis.call('INCR', KEYS[1]) - tonumber(ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local doubled = tonumber(ARGV[2]) * 2 ^ math.min(beyond, 20)
if beyond >= 0 then redis.call('SET', KEYS[2], 1, 'EX', math.min(doubled, tonumber(ARGV[3]))) end
return 0
"""
_KEEP = """
local kept = redis.call('GET', KEYS[1])
if kept then return kept end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return ARGV[1]
"""

logger = logging.getLogger(__name__)
redis_circuit = CircuitBreaker(seconds=2.0)

_BITS_V4, _BITS_V6 = 24, 56  # what one household or institution is usually given


class Count(NamedTuple):
    """How much was counted within the window so far, and whole seconds until the window ends."""

    n: int
    seconds_left: int


def count(key: str, window_s: int, amount: int = 1) -> Count | None:
    """Add to a counter, which begins with its first amount and ends `window_s` later; None while Redis is away."""
    found = _run(_COUNT, [key], [amount, window_s])
    return None if found is None else Count(int(found[0]), _seconds(found[1]))


def attempt(key: str, *, free: int, waits_s: tuple[int, int], memory_s: int) -> int | None:
    """Begin an attempt and return 0, or return how many seconds it has to wait; None while Redis is away.

    The first `free` attempts need not wait for each other. Each later one doubles the wait before the next, from the
    first of `waits_s` to the second. An attempt that has to wait is not counted. All is forgotten `memory_s` after the
    last counted one, and by `forget`.
    """
    found = _run(_ATTEMPT, [key, _wait(key)], [free, *waits_s, memory_s])
    return None if found is None else (_seconds(found) if found else 0)


def forget(key: str) -> None:
    """Start a counter, or the attempts under a key, from zero."""
    _run("return redis.call('DEL', KEYS[1], KEYS[2])", [key, _wait(key)], [])


def daily_pseudonym(text: str) -> str | None:
    """Return a name that stands for `text` until tomorrow; None while Redis is away.

    It is an HMAC under a salt that Redis alone holds and forgets after a day: without the salt nobody can tell which
    network or account a counter belonged to.
    """
    salt = _run(_KEEP, ["salt"], [secrets.token_hex(32), DAY_S])
    return None if salt is None else hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()[:32]


def tally(name: str, amount: float = 1) -> None:
    """Add to a number that /metrics shows and Redis keeps until it is emptied; nothing while Redis is away."""
    _run("redis.call('HINCRBYFLOAT', KEYS[1], ARGV[1], ARGV[2])", ["tallies"], [name, amount])


def tallies() -> dict[str, float]:
    """Return these numbers by name; none while Redis is away."""
    found = _run("return redis.call('HGETALL', KEYS[1])", ["tallies"], []) or []
    return {name.decode(): float(value) for name, value in zip(found[::2], found[1::2], strict=True)}


def count_distinct(key: str, item: str, memory_s: int) -> None:
    """Count an item once under a key, which is forgotten `memory_s` after the last one; nothing while Redis is away.

    Redis keeps a sketch of the items, from which none can be read; its count is off by one in a hundred.
    """
    script = "redis.call('PFADD', KEYS[1], ARGV[1]) redis.call('EXPIRE', KEYS[1], ARGV[2])"
    _run(script, [key], [item, memory_s])


def distinct(key: str) -> int:
    """Return how many different items were counted under a key; 0 while Redis is away."""
    return int(_run("return redis.call('PFCOUNT', KEYS[1])", [key], []) or 0)


def _run(script: str, keys: list[str], arguments: list[Any]) -> Any:
    if redis_circuit.is_open():
        return None
    try:
        return _redis(settings.REDIS_URL).eval(script, len(keys), *(_PREFIX + key for key in keys), *arguments)
    except RedisError as error:
        redis_circuit.open()
        logger.warning(
            "counters are suspended for %g s because Redis failed (%s)", redis_circuit.seconds, type(error).__name__
        )
        return None


def _wait(key: str) -> str:
    return f"{key}:wait"


def _seconds(milliseconds: int) -> int:
    return max(1, math.ceil(milliseconds / 1000))


@lru_cache(maxsize=2)
def _redis(url: str) -> Redis:
    timeouts = {"socket_timeout": MAX_WAIT_S, "socket_connect_timeout": MAX_WAIT_S}
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), **timeouts)


def network_pseudonym(address: str) -> str | None:
    """Return today's pseudonym of an address's /24 or /56; None for no valid address, and while Redis is away."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    v4 = ip if isinstance(ip, ipaddress.IPv4Address) else ip.ipv4_mapped
    if v4 is not None:
        return daily_pseudonym(str(ipaddress.IPv4Network((v4, _BITS_V4), strict=False)))
    return daily_pseudonym(str(ipaddress.IPv6Network((int(ip), _BITS_V6), strict=False)))
