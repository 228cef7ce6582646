"""Where a request comes from. The address is for counting by network alone: it is never stored and never logged."""

from django.conf import settings
from django.http import HttpRequest

from annotations.base import redis_counters
from annotations.base.redis_counters import network_pseudonym

_UNKNOWN = "a network that is not known"


def client_address(request: HttpRequest) -> str:
    """Return the client's address: the one that our proxy names, or the peer's where there is no proxy; "": not known.

    Each proxy appends to X-Forwarded-For the address that it was called from. What stands before the entries of our own
    PROXY_COUNT proxies is whatever the client sent.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    if not forwarded:
        return str(request.META.get("REMOTE_ADDR", ""))
    entries = forwarded.split(",")
    return entries[-settings.PROXY_COUNT].strip() if len(entries) >= settings.PROXY_COUNT else ""


def client_network(request: HttpRequest) -> str | None:
    """Return today's pseudonym of the client's network; None while Redis is away. All that are not known share one."""
    return network_pseudonym(client_address(request)) or redis_counters.daily_pseudonym(_UNKNOWN)
