"""Where a request comes from. The address is for counting by network alone: it is never stored and never logged."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's address: the last one that the proxy in front names, or the peer's where there is no proxy.

    Only the last entry of X-Forwarded-For is the proxy's own; what stands before it is whatever the client sent.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
