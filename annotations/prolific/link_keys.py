"""The public keys that signed links are checked with: kept for a day, fetched again for a name that is new."""

import threading
import time
from collections.abc import Callable

import httpx2
import jwt

from annotations.prolific.prolific_errors import ProlificError

JWKS = "https://api.prolific.com/.well-known/study/jwks.json"
_LARGEST = 256 * 1024  # bytes


class KeysUnavailable(ProlificError):
    """Prolific's keys could not be fetched, and none are kept that are fresh enough."""

    is_temporary = True


class LinkKeys:
    """A cache of a JWKS. Safe for several threads.

    fresh_s: keys older than this are fetched again; where that fails, they serve until stale_s. An unknown name makes
    it look again, at most every quiet_s, so that made-up names cost Prolific nothing.
    """

    def __init__(
        self,
        url: str = JWKS,
        *,
        fresh_s: float = 12 * 3600.0,
        stale_s: float = 7 * 24 * 3600.0,
        quiet_s: float = 60.0,
        timeout_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self._fresh_s, self._stale_s, self._quiet_s, self._timeout_s = fresh_s, stale_s, quiet_s, timeout_s
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return the RSA key of a name, None where Prolific has none; raises KeysUnavailable."""
        with self._lock:
            age = self._age(self._fetched_at)
            if (age > self._fresh_s or key_id not in self._keys) and self._age(self._tried_at) >= self._quiet_s:
                self._fetch()
            if self._age(self._fetched_at) > self._stale_s:
                raise KeysUnavailable("Prolific's keys for signed links cannot be downloaded.")
            return self._keys.get(key_id)

    def _age(self, at: float | None) -> float:
        return float("inf") if at is None else self._clock() - at

    def _fetch(self) -> None:
        """Replace the keys; one failure leaves them as they were."""
        self._tried_at = self._clock()
        try:
            response = httpx2.get(self.url, timeout=self._timeout_s, headers={"Accept": "application/json"})
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
