"""Telling somebody outside of an alarm: by e-mail, or by a webhook that can reach public addresses alone."""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable
from email.errors import MessageError
from smtplib import SMTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from annotations.models import Alarm

STEP_TIMEOUT_S = 5.0  # for each step of a connection
TOTAL_TIMEOUT_S = 10.0  # for all of it: whoever answers a byte at a time is hung up on

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# A site's own translation, Teredo, IPv4-compatible and IPv4-translated addresses: no public service has one of these.
_NEVER_PUBLIC = [ipaddress.IPv6Network(net) for net in ("64:ff9b:1::/48", "2001::/32", "::/96", "::ffff:0:0:0/96")]

AddressCheck = Callable[[str], bool]


class NotificationFailed(Exception):
    """An alarm could not be sent; the message says why, without secrets of the address."""


def email(alarm: Alarm) -> None:
    """Send an alarm to the study's address. Raises NotificationFailed."""
    if not settings.SENDS_EMAIL:
        raise NotificationFailed("this site cannot send e-mail because EMAIL_URL is not set")
    message = EmailMessage(
        subject=f"Clarify: {alarm.study.title}: {alarm.kind.replace('_', ' ')}",
        body=f"{alarm.message}\n\nSince {alarm.raised_at:%Y-%m-%d %H:%M:%S} UTC.\n{_page(alarm)}\n",
        to=[alarm.study.alarm_email],
    )
    try:
        message.send()
    except (OSError, SMTPException, MessageError, ValueError) as error:
        raise NotificationFailed(type(error).__name__) from error


def webhook(alarm: Alarm) -> None:
    """Post an alarm to the study's webhook as JSON. Raises NotificationFailed."""
    post(alarm.study.alarm_webhook, document(alarm))


def document(alarm: Alarm) -> dict[str, str]:
    """Return what a webhook gets: nothing about any participant. `text` is what chat services show."""
    return {
        "study": alarm.study.slug,
        "kind": alarm.kind,
        "message": alarm.message,
        "raised_at": alarm.raised_at.isoformat(),
        "page": _page(alarm),
        "text": f"{alarm.study.title}: {alarm.message} {_page(alarm)}",
    }


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet, and so is the one that it stands for, if any."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return _is_global(ip)
    translated = _translated(ip)
    if translated is not None:
        return _is_global(translated)
    return _is_global(ip) and not any(ip in network for network in _NEVER_PUBLIC)


def _is_global(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return ip.is_global and not ip.is_multicast


def _translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a mapped, NAT64 or 6to4 address leads to."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour


def post(
    url: str,
    what: dict[str, str],
    *,
    allowed: AddressCheck = is_public,
    context: ssl.SSLContext | None = None,
    step_timeout_s: float = STEP_TIMEOUT_S,
    total_timeout_s: float = TOTAL_TIMEOUT_S,
) -> None:
    """POST JSON by https, to an address that passes, without following a redirect. Raises NotificationFailed.

    The name is looked up once, and the connection goes to the address that was checked: a name that changes between
    the check and the connection gains nothing.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password:
        raise NotificationFailed("the webhook must be an https URL without a user name or password")
    try:
        address = _address(parts.hostname, parts.port or 443, allowed)
        connection = _Pinned(parts.hostname, parts.port or 443, address, context, step_timeout_s)
        status = _send(
            connection, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", what, total_timeout_s
        )
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotificationFailed(f"the webhook cannot be reached ({type(error).__name__})") from error
    if not 200 <= status < 300:
        raise NotificationFailed(f"the webhook answered with status {status}")


class _Pinned(http.client.HTTPSConnection):
    """Speaks TLS with a name, at an address that was looked up before."""

    def __init__(
        self, name: str, port: int, address: str, context: ssl.SSLContext | None, step_timeout_s: float
    ) -> None:
        self._tls = context or ssl.create_default_context()
        self._address = address
        super().__init__(name, port, timeout=step_timeout_s, context=self._tls)

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)


def _address(name: str, port: int, allowed: AddressCheck) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
    if not found or not all(allowed(address) for address in found):
        raise NotificationFailed("the webhook must have a public internet address")
    return found[0]


def _send(connection: _Pinned, path: str, what: dict[str, str], total_timeout_s: float) -> int:
    """Return the status of the answer, whose body is not read."""
    hang_up = threading.Timer(total_timeout_s, _close, [connection])
    hang_up.start()
    try:
        body = json.dumps(what).encode()
        connection.request("POST", path, body, {"Content-Type": "application/json", "User-Agent": "Clarify"})
        return connection.getresponse().status
    finally:
        hang_up.cancel()
        connection.close()


def _close(connection: _Pinned) -> None:
    if connection.sock is not None:
        connection.sock.shutdown(socket.SHUT_RDWR)


def _page(alarm: Alarm) -> str:
    return f"{settings.SITE_URL}{reverse('admin:annotations_study_monitor', args=[alarm.study_id])}"
