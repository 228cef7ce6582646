"""The fake's state and rules: what may be done to a submission, and what is said when it may not."""

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.fake_prolific.records import BonusRequest, FakeStudy, FakeSubmission, Hook

PAGE_SIZE = 20
CATEGORIES = {
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
}
FROZEN_ONCE_PUBLISHED = {"completion_codes", "external_study_url", "reward", "estimated_completion_time"}


class NotAllowed(Exception):
    """A refusal, in Prolific's shape."""

    def __init__(self, status: int, title: str, detail: Any) -> None:
        self.status, self.title, self.detail = status, title, detail
        super().__init__(title)

    def body(self) -> dict[str, Any]:
        error = {"status": self.status, "error_code": 140000 + self.status, "title": self.title, "detail": self.detail}
        return {"error": {**error, "additional_information": "/docs", "traceback": None, "interactive": False}}


def invalid(detail: Any) -> NotAllowed:
    return NotAllowed(400, "Validation error", detail)


def missing(what: str) -> NotAllowed:
    return NotAllowed(404, f"{what} not found", f"{what} matching query does not exist.")


class Clerk:
    """Not safe for several threads by itself: the server holds a lock around each call."""

    def __init__(self, hook_secret: str) -> None:
        self.hook_secret = hook_secret
        self.now = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(days=1)
        self.studies: dict[str, FakeStudy] = {}
        self.submissions: dict[str, FakeSubmission] = {}
        self.bonus_requests: dict[str, BonusRequest] = {}
        self.messages: list[dict[str, str]] = []
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, str] = {}
        self.hooks: list[Hook] = []
        self._later: list[Callable[[], None]] = []
        self._numbers = itertools.count(1)

    def tick(self, seconds: float = 1) -> dt.datetime:
        """Let time go on; nothing happens at the same moment unless a test wants it to."""
        self.now += dt.timedelta(seconds=seconds)
        return self.now

    def run_jobs(self) -> None:
        """Do what was promised for later: bulk approvals, bonus payments."""
        jobs, self._later = self._later, []
        for job in jobs:
            job()

    # -- Submissions ---------------------------------------------------------------------------------------------------
    def move(self, submission: FakeSubmission, status: str) -> Hook:
        """Bring a submission into a status, and return the webhook that says so."""
        submission.status, submission.changed_at = status, self.tick()
        body = {"resource_id": submission.submission_id, "participant_id": submission.participant_id, "status": status}
        return self.hook("submission.status.change", body)

    def page(self, study_id: str, number: int, size: int) -> tuple[list[dict[str, Any]], bool]:
        """A page of a study's submissions, and whether another follows."""
        if study_id not in self.studies:
            raise missing("Study")
        own = [s for s in self.submissions.values() if s.study_id == study_id]
        own.sort(key=lambda s: (s.started_at, s.submission_id))
        rows = own[(number - 1) * size : number * size]
        if not rows and number > 1:
            raise NotAllowed(404, "Not found", "Invalid page.")
        return [row.listed() for row in rows], number * size < len(own)

    def submission(self, submission_id: str) -> FakeSubmission:
        if submission_id not in self.submissions:
            raise missing("Submission")
        return self.submissions[submission_id]

    def transition(self, submission_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        submission = self.submission(submission_id)
        act = str(body.get("action"))
        acts: dict[str, tuple[set[str], str]] = {
            "APPROVE": ({"AWAITING REVIEW"}, "APPROVED"),
            "REJECT": ({"AWAITING REVIEW"}, "REJECTED"),
            "RETURN": ({"ACTIVE", "AWAITING REVIEW"}, "RETURNED"),
            "SCREEN_OUT": ({"ACTIVE", "AWAITING REVIEW"}, "SCREENED OUT"),
            "COMPLETE": ({"ACTIVE", "TIMED-OUT"}, "AWAITING REVIEW"),
            "START": ({"RESERVED"}, "ACTIVE"),
            "UNREJECT": ({"REJECTED"}, "AWAITING REVIEW"),
            "UNRETURN": ({"RETURNED"}, "AWAITING REVIEW"),
        }
        if act not in acts:
            raise invalid({"action": [f'"{act}" is not a valid choice.']})
        self._check(submission, act, body)
        allowed, status = acts[act]
        if submission.status not in allowed:
            raise invalid([f"Submission {submission_id} cannot go from {submission.status} to {status}."])
        if act == "COMPLETE":
            submission.entered_code, submission.completed_at = body["completion_code"], self.now
        self.move(submission, status)
        return submission.detailed()

    def _check(self, submission: FakeSubmission, act: str, body: Mapping[str, Any]) -> None:
        if act == "REJECT":
            if len(body.get("message", "")) < 100:
                raise invalid({"message": ["Ensure this field has at least 100 characters."]})
            if body.get("rejection_category") not in CATEGORIES:
                raise invalid({"rejection_category": [f'"{body.get("rejection_category")}" is not a valid choice.']})
        if act == "COMPLETE" and body.get("completion_code") not in self.studies[submission.study_id].codes(
            "researcher"
        ):
            raise invalid({"completion_code": ["This code cannot be used by a researcher."]})

    def bulk_approve(self, body: Mapping[str, Any]) -> dict[str, Any]:
        submissions = [self.submission(submission_id) for submission_id in body.get("submission_ids", [])]
        if not submissions:
            raise invalid({"submission_ids": ["This list may not be empty."]})
        wrong = [s.submission_id for s in submissions if s.status not in {"AWAITING REVIEW", "APPROVED"}]
        if wrong:
            raise invalid([f"Submissions {', '.join(wrong)} are not awaiting review."])
        self._later += [lambda s=s: self.move(s, "APPROVED") for s in submissions if s.status != "APPROVED"]  # type: ignore[misc]
        return {"message": "The request to bulk approve has been made successfully."}

    def request_return(self, submission_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        submission = self.submission(submission_id)
        reasons = body.get("request_return_reasons")
        if not isinstance(reasons, list) or not all(isinstance(r, str) and r for r in reasons) or not reasons:
            raise invalid({"request_return_reasons": ["This field is required."]})
        if submission.status not in {"ACTIVE", "AWAITING REVIEW"}:
            raise invalid([f"A return cannot be requested for a submission that is {submission.status}."])
        submission.return_requested = self.now.isoformat()
        return {"id": submission_id, "status": submission.status, "return_requested": submission.return_requested}

    # -- Money ---------------------------------------------------------------------------------------------------------
    def create_bonuses(self, body: Mapping[str, Any]) -> dict[str, Any]:
        study_id = body.get("study_id")
        if study_id not in self.studies:
            raise missing("Study")
        if any(r.study_id == study_id and r.state != "PAID" for r in self.bonus_requests.values()):
            raise invalid("There is already a bonus request in progress for this study.")
        lines = [tuple(line.split(",")) for line in str(body.get("csv_bonuses", "")).split("\n")]
        known = {s.participant_id for s in self._of(study_id)} | {s.submission_id for s in self._of(study_id)}
        for line in lines:
            if len(line) != 2 or line[0] not in known or not re.fullmatch(r"\d+\.\d{2}", line[1]):
                raise invalid({"csv_bonuses": [f"Line {','.join(line)} is not valid."]})
        request = BonusRequest(f"bonus-{next(self._numbers)}", str(study_id), lines)  # type: ignore[arg-type]
        self.bonus_requests[request.request_id] = request
        amount = sum(round(float(units) * 100) for _whom, units in request.lines)
        return {
            "id": request.request_id,
            "study": study_id,
            "amount": amount,
            "fees": 0,
            "vat": 0,
            "total_amount": amount,
        }

    def pay_bonuses(self, request_id: str) -> None:
        if request_id not in self.bonus_requests:
            raise missing("Bonus request")
        request = self.bonus_requests[request_id]
        if request.state != "CREATED":
            raise invalid("These bonuses have already been paid.")
        request.state = "PAYING"
        self._later.append(lambda: setattr(request, "state", "PAID"))

    # -- Studies, messages ---------------------------------------------------------------------------------------------
    def study(self, study_id: str) -> FakeStudy:
        if study_id not in self.studies:
            raise missing("Study")
        return self.studies[study_id]

    def transition_study(self, study_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        acts = {
            "PAUSE": ({"ACTIVE"}, "PAUSED"),
            "START": ({"PAUSED"}, "ACTIVE"),
            "STOP": ({"ACTIVE", "PAUSED"}, "AWAITING REVIEW"),
        }
        if body.get("action") not in acts:
            raise invalid({"action": ["This is not a valid choice."]})
        study = self.study(study_id)
        allowed, status = acts[body["action"]]
        if study.status not in allowed:
            raise invalid([f"Study {study_id} cannot go from {study.status} to {status}."])
        self.move_study(study, status)
        return study.shown()

    def move_study(self, study: FakeStudy, status: str) -> Hook:
        """Bring a study into a status, and return the webhook that says so."""
        study.status = status
        self.tick()
        return self.hook("study.status.change", {"resource_id": study.study_id, "metadata": {}, "status": status})

    def message(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if not body.get("body"):
            raise invalid({"body": ["This field may not be blank."]})
        if body.get("recipient_id") not in {s.participant_id for s in self._of(body.get("study_id"))}:
            raise invalid({"recipient_id": ["This participant is not in the study."]})
        self.messages.append(dict(body))
        return {"id": f"message-{len(self.messages)}"}

    # -- Hooks ---------------------------------------------------------------------------------------------------------
    def hook(self, event_type: str, body: Mapping[str, Any], event_id: str = "") -> Hook:
        """A webhook of this moment; it is kept in `hooks` too."""
        raw = json.dumps({"event_type": event_type, **body}).encode()
        made = self.signed(raw, event_id or f"event-{next(self._numbers)}", self.now)
        self.hooks.append(made)
        return made

    def signed(self, raw: bytes, event_id: str, at: dt.datetime) -> Hook:
        """A body as it is sent, for something that happened at a moment; it is signed now."""
        stamp = str(int(dt.datetime.now(dt.UTC).timestamp()))
        digest = hmac.new(self.hook_secret.encode(), stamp.encode() + raw, hashlib.sha256).digest()
        headers = {
            "X-Event-ID": event_id,
            "X-Timestamp": str(int(at.timestamp() * 1000)),
            "X-Prolific-Request-Timestamp": stamp,
            "X-Prolific-Request-Signature": base64.b64encode(digest).decode(),
        }
        return Hook(event_id, raw, headers)

    def subscribe(self, body: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """The subscription, and what it is confirmed with."""
        if not str(body.get("target_url", "")).startswith("https://"):
            raise invalid({"target_url": ["Enter a valid URL."]})
        number = next(self._numbers)
        row = {**body, "id": f"hook-{number}", "is_enabled": False}
        self.subscriptions[row["id"]] = row
        self.secrets[row["id"]] = f"confirm-{number}"
        return row, self.secrets[row["id"]]

    def confirm(self, hook_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if hook_id not in self.subscriptions:
            raise missing("Subscription")
        if body.get("secret") != self.secrets[hook_id]:
            raise invalid({"secret": ["The secret does not match."]})
        self.subscriptions[hook_id]["is_enabled"] = True
        return self.subscriptions[hook_id]

    def _of(self, study_id: object) -> list[FakeSubmission]:
        return [s for s in self.submissions.values() if s.study_id == study_id]
