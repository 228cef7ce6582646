"""A client for the calls of Prolific's API that running a study needs.

docs/coordinators/prolific.md says what each is used for. `Transport` makes one HTTP call: the token, the clock, and
its failures under their names.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, quote, urlsplit

import httpx2

from annotations.prolific_client.payloads import (
    HookSubscription,
    RemoteStudy,
    RemoteSubmission,
    as_object,
    hook_subscription,
    remote_study,
    remote_submission,
    results,
    text_of,
)
from annotations.prolific_client.prolific_errors import (
    Busy,
    NoAnswer,
    NotFound,
    Patience,
    ProlificError,
    Refused,
    ServerFault,
    TokenRefused,
    UnexpectedAnswer,
    Unreachable,
    retry_after,
    without_ids,
)

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


StudyAct = Literal["PAUSE", "START", "STOP"]
REJECTION_CATEGORIES = (
    "TOO_QUICKLY",
    "TOO_SLOWLY",
    "FAILED_INSTRUCTIONS",
    "INCOMP_LONGITUDINAL",
    "FAILED_CHECK",
    "LOW_EFFORT",
    "MALINGERING",
    "NO_CODE",
    "BAD_CODE",
    "NO_DATA",
    "UNSUPP_DEVICE",
    "OTHER",
)
MIN_REJECTION_MESSAGE = 100  # characters


class Prolific:
    """Prolific under one token. Every method raises a ProlificError: Refused says why, a temporary one may be retried.

    Calls that only read are tried again as `patience` says; of the others only those that surely had no effect. Safe
    for several threads.
    """

    def __init__(self, token: str, *, api: str, patience: Patience) -> None:
        self._transport = Transport(api, token, patience)

    def __repr__(self) -> str:
        return f"Prolific(api={self._transport.base_url!r})"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._transport.close()

    # -- Submissions ---------------------------------------------------------------------------------------------------
    def submission(self, submission_id: str) -> RemoteSubmission:
        """Return one submission; raises NotFound."""
        answer = self._get(f"/submissions/{_part(submission_id)}/", ids=(submission_id,))
        return remote_submission(answer.json, answer.at)

    def submissions(self, study_id: str) -> Iterator[RemoteSubmission]:
        """Yield every submission of a study, oldest first, page after page.

        Each page is asked for where the one before says `_links.next`; a page past the end, 404, is the end. Somebody
        who comes meanwhile can be told twice. Raises NotFound for an unknown study.
        """
        params: dict[str, str | int] | None = {"study": study_id, "ordering": "started_at", "page": 1}
        is_first = True
        while params is not None:
            try:
                answer = self._get("/submissions/", params=params, ids=(study_id,))
            except NotFound:
                if is_first:
                    raise
                return
            for listed in results(answer.json):
                yield remote_submission(listed, answer.at)
            is_first, params = False, _next_page(answer.json, params)

    def transition(self, submission_id: str, act: str, **given: str) -> None:
        """Move a submission on: APPROVE, SCREEN_OUT, UNREJECT, or what needs more.

        REJECT needs a message and a rejection_category, COMPLETE a researcher's completion_code.
        """
        self._post(f"/submissions/{_part(submission_id)}/transition/", {"action": act, **given}, ids=(submission_id,))

    def bulk_approve(self, submission_ids: Sequence[str]) -> None:
        """Ask that all of them be approved. Prolific does that some time after its answer."""
        self._post("/submissions/bulk-approve/", {"submission_ids": list(submission_ids)}, ids=tuple(submission_ids))

    def request_return(self, submission_id: str, reasons: Sequence[str]) -> None:
        """Ask a participant to return a submission, with the reasons."""
        body = {"request_return_reasons": list(reasons)}
        self._post(f"/submissions/{_part(submission_id)}/request-return/", body, ids=(submission_id,))

    # -- Money ---------------------------------------------------------------------------------------------------------
    def create_bonuses(self, study_id: str, cents: Iterable[tuple[str, int]]) -> str:
        """Set up one bonus request from (participant or submission id, integer hundredths) and return its id.

        Nothing is paid yet. Only one request of a study may be under way at a time.
        """
        rows = list(cents)
        body = {"study_id": study_id, "csv_bonuses": bonus_lines(rows)}
        ids = (study_id, *(outside_id for outside_id, _cents in rows))
        return text_of(as_object(self._post("/submissions/bonus-payments/", body, ids=ids).json), "id")

    def pay_bonuses(self, bonus_request_id: str) -> None:
        """Pay a bonus request that was set up. Prolific does that some time after its answer."""
        self._post(f"/bulk-bonus-payments/{_part(bonus_request_id)}/pay/", {}, ids=(bonus_request_id,))

    # -- Studies -------------------------------------------------------------------------------------------------------
    def study(self, study_id: str) -> RemoteStudy:
        """Return one study; raises NotFound."""
        answer = self._get(f"/studies/{_part(study_id)}/", ids=(study_id,))
        return remote_study(answer.json, answer.at)

    def transition_study(self, study_id: str, act: StudyAct) -> None:
        """Pause, start again or stop a study."""
        self._post(f"/studies/{_part(study_id)}/transition/", {"action": act}, ids=(study_id,))

    # -- Messages ------------------------------------------------------------------------------------------------------
    def send_message(self, participant_id: str, study_id: str, text: str) -> None:
        """Write to a participant."""
        body = {"recipient_id": participant_id, "study_id": study_id, "body": text}
        self._post("/messages/", body, ids=(participant_id, study_id))

    # -- Webhooks ------------------------------------------------------------------------------------------------------
    def has_hook_secret(self, workspace_id: str) -> bool:
        """Say whether the workspace has a secret that signs its webhooks."""
        return bool(results(self._get("/hooks/secrets/", params={"workspace_id": workspace_id}).json))

    def create_hook_secret(self, workspace_id: str) -> str:
        """Make the workspace's one secret, which replaces an earlier one, and return it."""
        return text_of(as_object(self._post("/hooks/secrets/", {"workspace_id": workspace_id}).json), "value")

    def hook_subscriptions(self, workspace_id: str) -> list[HookSubscription]:
        """Return the workspace's subscriptions."""
        answer = self._get("/hooks/subscriptions/", params={"workspace_id": workspace_id})
        return [hook_subscription(listed) for listed in results(answer.json)]

    def subscribe(self, workspace_id: str, event_type: str, target_url: str) -> None:
        """Set up a subscription and confirm it, by a secret of its own that is not the one that signs."""
        body = {"workspace_id": workspace_id, "event_type": event_type, "target_url": target_url}
        answer = self._post("/hooks/subscriptions/", body)
        subscription_id = text_of(as_object(answer.json), "id")
        confirmation = {"secret": answer.headers.get("X-Hook-Secret", "")}
        self._post(f"/hooks/subscriptions/{_part(subscription_id)}/", confirmation)

    def _get(self, path: str, *, params: Mapping[str, str | int] | None = None, ids: tuple[str, ...] = ()) -> Answer:
        return self._transport.call("GET", path, params=params, ids=ids)

    def _post(self, path: str, body: Mapping[str, Any], *, ids: tuple[str, ...] = ()) -> Answer:
        return self._transport.call("POST", path, json=dict(body), ids=ids)


def bonus_lines(cents: Iterable[tuple[str, int]]) -> str:
    """Return the lines "id,units" that Prolific wants: integer hundredths become units, exactly.

    >>> bonus_lines([("a", 150), ("b", 5)])
    'a,1.50\\nb,0.05'
    """
    return "\n".join(f"{outside_id},{units(amount)}" for outside_id, amount in cents)


def units(cents: int) -> str:
    """Return integer hundredths as units with two decimals; raises ValueError below 1.

    >>> units(100_000_000_000_000_001)
    '1000000000000000.01'
    """
    if cents < 1:
        raise ValueError(f"the amount must be at least 1 cent, not {cents}")
    return f"{cents // 100}.{cents % 100:02}"


def _part(outside_id: str) -> str:
    """An id as one part of a path: none leads to another address."""
    return quote(outside_id, safe="")


def _next_page(data: Any, params: Mapping[str, str | int]) -> dict[str, str | int] | None:
    """The parameters of the next page, None at the end. Of the link only its query is followed, never its host."""
    links = as_object(data).get("_links")
    following = links.get("next") if isinstance(links, Mapping) else None
    address = following.get("href") if isinstance(following, Mapping) else following
    if not isinstance(address, str) or not address:
        return None
    query = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
    new = {**params, **query}
    return new if {name: str(value) for name, value in params.items()} != new else None
