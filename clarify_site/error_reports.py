"""Errors go to Sentry where SENTRY_DSN says so, without anything of people. Needs the extra `sentry`.

An event is made of what is named here. What an error says, and what stood in variables, may be what somebody wrote.
"""

import logging
from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.stdlib import StdlibIntegration
from sentry_sdk.transport import Transport
from sentry_sdk.types import Event, Hint

_OF_EVENT = ("event_id", "timestamp", "level", "platform", "release", "sdk")
_OF_FRAME = ("filename", "function", "module", "lineno", "in_app", "pre_context", "context_line", "post_context")
_NAMES_CODE = ("route", "task")  # a transaction's name that comes from the code, and not from an address


def start(dsn: str, release: str, transport: Transport | None = None) -> None:
    """Report what fails in this process, and errors that it logs, from now on."""
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        transport=transport,
        before_send=stripped,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        # It would put the DSN's public key into the environment of each child and into requests to other hosts.
        disabled_integrations=[StdlibIntegration],
    )


def stripped(event: Event, hint: Hint) -> Event | None:
    """Return an event's kind of error, its place in the code and little else; None where there was no error."""
    found: dict[str, Any] = dict(event)
    errors = (found.get("exception") or {}).get("values") or []
    if not errors:
        return None
    kept: dict[str, Any] = {name: found[name] for name in _OF_EVENT if name in found}
    if (found.get("transaction_info") or {}).get("source") in _NAMES_CODE:
        kept["transaction"] = found["transaction"]
    kept["exception"] = {"values": [_error(each) for each in errors]}
    return cast(Event, kept)


def _error(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or []
    return {
        "type": error.get("type"),
        "module": error.get("module"),
        "stacktrace": {"frames": [{name: frame[name] for name in _OF_FRAME if name in frame} for frame in frames]},
    }
