"""The public keys that signed links are checked with: kept for a day, fetched again for a name that is new."""

import threading
import time
from collections.abc import Callable

import httpx2
import jwt

from annotations.prolific_client.prolific_errors import ProlificError

_FRESH_S, _STALE_S, _QUIET_S = 12 * 3600.0, 7 * 24 * 3600.0, 60.0
_TIMEOUT_S = 3.0
_LARGEST = 256 * 1024  # bytes


class KeysUnavailable(ProlificError):
    """Prolific's keys could not be fetched, and none are kept that are fresh enough."""

    is_temporary = True


class LinkKeys:
    """A cache of a JWKS, whose keys are fetched again when they are no longer fresh. Safe for several threads.

    Where that fails, they serve until they are stale. An unknown name makes it look again, but not before it was quiet
    for a while, so that made-up names cost Prolific nothing.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the RSA key of a name, None where Prolific has none; raises KeysUnavailable."""
        with self._lock:
            age = self._age(self._fetched_at)
            if (age > _FRESH_S or key_id not in self._keys) and self._age(self._tried_at) >= _QUIET_S:
                self._fetch()
            if self._age(self._fetched_at) > _STALE_S:
                raise KeysUnavailable("Prolific’s keys for signed links cannot be downloaded.")
            return self._keys.get(key_id)

    def _age(self, at: float | None) -> float:
        return float("inf") if at is None else self._clock() - at

    def _fetch(self) -> None:
        """Replace the keys; one failure leaves them as they were."""
        self._tried_at = self._clock()
        try:
            response = httpx2.get(self.url, timeout=_TIMEOUT_S, headers={"Accept": "application/json"})
            keys = _rsa_keys(response) if response.is_success and len(response.content) <= _LARGEST else {}
        except httpx2.HTTPError:
            return
        if keys:
            self._keys, self._fetched_at = keys, self._clock()


def _rsa_keys(response: httpx2.Response) -> dict[str, jwt.PyJWK]:
    """The named RSA keys for RS256 of a JWKS; others in it are passed over."""
    try:
        keys = jwt.PyJWKSet.from_dict(response.json()).keys
    except (ValueError, AttributeError, jwt.PyJWTError):
        return {}
    return {key.key_id: key for key in keys if key.key_id and key.algorithm_name == "RS256"}
