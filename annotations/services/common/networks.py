"""Networks that requests come from, told apart for a day by keys that say nothing of any address.

A network is what one provider gives one customer: an IPv4 address with its 255 neighbours (/24), an IPv6 /56. Its key
is an HMAC under a random salt, which Redis alone holds and forgets after a day. Neither the address nor the key is
stored in the database or written into a log.
"""

import hashlib
import hmac
import logging
import secrets
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from annotations.services.common.circuit_breaker import CircuitBreaker

SALT_LIVES_S = 24 * 3600
UNKNOWN = "unknown"  # one network of all requests whose address cannot be read
_SALT = "clarify:network-salt"
_MAX_WAIT_S = 0.25
_PREFIXES = {4: 24, 6: 56}

logger = logging.getLogger(__name__)
redis_circuit = CircuitBreaker(seconds=2.0)


def address_of(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """Return the address that a request comes from; None where it cannot be read, as behind a socket without a proxy.

    Each proxy appends to X-Forwarded-For the address that it was called from. What stands before the entries of our own
    proxies (PROXY_COUNT of them, with BEHIND_PROXY) is whatever the caller wrote, and counts for nothing.
    """
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        entries = request.headers.get("X-Forwarded-For", "").split(",")
        text = entries[-settings.PROXY_COUNT] if len(entries) >= settings.PROXY_COUNT else ""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def network_of(request: HttpRequest) -> str:
    """Return the network of a request, such as 203.0.113.0/24, or UNKNOWN. Keep it nowhere: `network_key` is for that.

    >>> request = HttpRequest()
    >>> request.META["REMOTE_ADDR"] = "2001:db8:0:12ff::1"
    >>> network_of(request)
    '2001:db8:0:1200::/56'
    """
    address = address_of(request)
    return UNKNOWN if address is None else str(ip_network((address, _PREFIXES[address.version]), strict=False))


def network_key(request: HttpRequest) -> str | None:
    """Return the key of a request's network, the same for a day at most; None while Redis does not answer.

    Each caller says what it does without a key.
    """
    if redis_circuit.is_open():
        return None
    try:
        salt = _salt()
    except RedisError as error:
        redis_circuit.open()
        logger.warning(
            "networks are not told apart for %g s: Redis failed (%s)", redis_circuit.seconds, type(error).__name__
        )
        return None
    return hmac.digest(salt, network_of(request).encode(), hashlib.sha256).hex()


def _salt() -> bytes:
    """The salt of the day: whoever asks first makes it."""
    made = secrets.token_bytes(32)
    both = _redis().pipeline()
    both.set(_SALT, made, ex=SALT_LIVES_S, nx=True)
    both.get(_SALT)
    return bytes(both.execute()[1])


@lru_cache(maxsize=1)
def _redis() -> Redis:
    timeouts = {"socket_timeout": _MAX_WAIT_S, "socket_connect_timeout": _MAX_WAIT_S}
    return Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **timeouts)
