"""This site's way to Prolific, from its settings. Without PROLIFIC_TOKEN there is none, and everything else works.

Nothing but PROLIFIC_API and PROLIFIC_JWKS_URL is ever asked for.
"""

import logging
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings

from annotations.base.circuit_breaker import CircuitBreaker
from annotations.prolific_client import signed_links
from annotations.prolific_client.client import Prolific
from annotations.prolific_client.link_keys import LinkKeys
from annotations.prolific_client.prolific_errors import Patience, ProlificError
from annotations.prolific_client.signed_links import SignedEntry

PATIENT = Patience()
HURRIED = Patience(tries=1, connect=1.5, answer=2.5)  # while a person waits

logger = logging.getLogger(__name__)
prolific_circuit = CircuitBreaker(seconds=30.0)  # for people who enter; workers go on asking


def client() -> Prolific | None:
    """Return the client for workers and commands, None without a token. It waits, but for seconds only."""
    return _client(PATIENT)


def hurried_client() -> Prolific | None:
    """Return the client for a page that a person waits for, None without a token or while Prolific is silent."""
    return None if prolific_circuit.is_open() else _client(HURRIED)


def note_silence(error: ProlificError) -> None:
    """Spare the people who enter next the wait for a Prolific that did not answer."""
    prolific_circuit.open()
    logger.warning("entry checks with Prolific suspended for %d s: %s", prolific_circuit.seconds, error)


def verify_link(token: str) -> SignedEntry:
    """Return what the token of a signed link says; raises LinkNotSigned, or KeysUnavailable."""
    return signed_links.verify(
        token,
        audience=link_audience(),
        keys=_link_keys(settings.PROLIFIC_JWKS_URL),
        issuer=settings.PROLIFIC_LINK_ISSUER,
        workspace=settings.PROLIFIC_WORKSPACE,
    )


def link_audience() -> tuple[str, ...]:
    """Return the names of this site that a signed link may be made for."""
    return (settings.PROLIFIC_LINK_AUDIENCE or urlsplit(settings.SITE_URL).netloc, settings.SITE_URL)


def _client(patience: Patience) -> Prolific | None:
    return _kept(settings.PROLIFIC_TOKEN, settings.PROLIFIC_API, patience) if settings.PROLIFIC_TOKEN else None


@lru_cache(maxsize=4)
def _kept(token: str, api: str, patience: Patience) -> Prolific:
    return Prolific(token, api=api, patience=patience)


@lru_cache(maxsize=2)
def _link_keys(url: str) -> LinkKeys:
    return LinkKeys(url)
