"""A client for the calls of Prolific's API that running a study needs.

docs/coordinators/prolific.md says what each is used for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qs, quote, urlsplit

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
from annotations.prolific_client.prolific_errors import NotFound
from annotations.prolific_client.retries import Patience
from annotations.prolific_client.transport import Answer, Transport

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
