"""One HTTP call to Prolific's API: the token, the clock, and its failures under their names."""

import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from annotations.prolific_client.prolific_errors import (
    Busy,
    NoAnswer,
    NotFound,
    ProlificError,
    Refused,
    ServerFault,
    TokenRefused,
    UnexpectedAnswer,
    Unreachable,
    without_ids,
)
from annotations.prolific_client.retries import Patience, retry_after

_MAX_REASON_LENGTH = 500


class Answer:
    """A 2xx answer: its JSON, its headers, and Prolific's clock when it was made."""

    def __init__(self, response: httpx2.Response) -> None:
        self.headers = response.headers
        self.at = _clock(response)
        self._response = response

    @property
    def json(self) -> Any:
        """Raises UnexpectedAnswer where the body is not JSON."""
        try:
            return self._response.json()
        except ValueError:
            raise UnexpectedAnswer("Prolific’s answer is not JSON.") from None


class Transport:
    """Calls below one base address, and nowhere else: no redirect is followed."""

    def __init__(self, base_url: str, token: str, patience: Patience) -> None:
        self.base_url = base_url.rstrip("/")
        self._patience = patience
        timeout = httpx2.Timeout(patience.answer, connect=patience.connect)
        headers = {"Accept": "application/json", "Authorization": f"Token {token}"}  # whose repr leaves the token out
        self._http = httpx2.Client(timeout=timeout, headers=headers)

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r})"

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, str | int] | None = None,
        ids: tuple[str, ...] = (),
    ) -> Answer:
        """Return a 2xx answer, tried again after a temporary error where that is safe. Raises a ProlificError.

        What only reads may be done twice, of all else only what surely had no effect. ids: what is kept out of what an
        error says.
        """
        tried = 0
        while True:
            try:
                return Answer(self._response(method, path, json, params, ids))
            except ProlificError as error:
                tried += 1
                may_repeat = error.is_temporary and (method == "GET" or error.is_undone)
                wait = self._patience.wait_after(error, tried)
                if tried >= self._patience.tries or not may_repeat or wait is None:
                    raise
            self._patience.sleep(wait)

    def _response(
        self, method: str, path: str, json: Any, params: Mapping[str, str | int] | None, ids: tuple[str, ...]
    ) -> httpx2.Response:
        # Causes are cut off: an exception of httpx2 holds the request, and that one the token and the ids.
        try:
            response = self._http.request(method, self.base_url + path, json=json, params=params)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise Unreachable(f"Prolific cannot be reached ({type(error).__name__}).") from None
        except httpx2.HTTPError as error:
            raise NoAnswer(f"Prolific did not answer ({type(error).__name__}).") from None
        if response.is_success:
            return response
        raise _error(response, ids)


def _error(response: httpx2.Response, ids: tuple[str, ...]) -> ProlificError:
    status = response.status_code
    if status == httpx2.codes.TOO_MANY_REQUESTS:
        return Busy("Prolific is busy (429).", _retry_after(response))
    if status >= 500:
        return ServerFault(f"Prolific had a fault ({status}).", _retry_after(response))
    if status == httpx2.codes.UNAUTHORIZED:
        return TokenRefused("Prolific rejected the token (401).")
    reason = without_ids(_reason(response), *ids)[:_MAX_REASON_LENGTH]
    if status == httpx2.codes.NOT_FOUND:
        return NotFound(reason or "Prolific does not know this address (404).")
    if status >= 400:
        return Refused(reason or f"Prolific rejected the request ({status}).")
    return UnexpectedAnswer(f"Prolific redirected the request ({status}). PROLIFIC_API may be wrong.")


def _reason(response: httpx2.Response) -> str:
    """What Prolific says: {"error": {"title", "detail"}}, where detail is a text, a list or an object of lists."""
    try:
        body = response.json()
    except ValueError:
        return ""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(error, Mapping):
        error = error.get("detail") or error.get("title") or error
    return _plain(error)


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}: {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return " ".join(_plain(part) for part in value)
    return str(value)


def _retry_after(response: httpx2.Response) -> float | None:
    value = response.headers.get("Retry-After")
    return None if value is None else retry_after(value, _clock(response))


def _clock(response: httpx2.Response) -> dt.datetime:
    """Prolific's clock to the second, ours where its answer has no date."""
    try:
        at = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return dt.datetime.now(dt.UTC)
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
