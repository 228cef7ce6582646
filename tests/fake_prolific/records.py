"""What the fake keeps: studies, submissions, money, messages, hooks."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class FakeSubmission:
    submission_id: str
    participant_id: str
    study_id: str
    status: str
    started_at: dt.datetime
    changed_at: dt.datetime
    completed_at: dt.datetime | None = None
    entered_code: str | None = None
    reward: int = 150
    return_requested: str | None = None

    def listed(self) -> dict[str, Any]:
        """As in a list: the person is `participant_id`, and the study is not named."""
        return {**self._shared(), "participant_id": self.participant_id}

    def detailed(self) -> dict[str, Any]:
        """As for itself: the person is `participant`."""
        return {**self._shared(), "participant": self.participant_id, "study_id": self.study_id, "has_siblings": None}

    def _shared(self) -> dict[str, Any]:
        return {
            "id": self.submission_id,
            "status": self.status,
            "started_at": _iso(self.started_at),
            "completed_at": _iso(self.completed_at),
            "study_code": self.entered_code,
            "reward": self.reward,
            "return_requested": self.return_requested,
            "time_taken": None,
            "is_complete": self.completed_at is not None,
        }


@dataclass
class FakeStudy:
    study_id: str
    status: str = "ACTIVE"
    fields: dict[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        return {"id": self.study_id, "status": self.status, **self.fields}

    def codes(self, actor: str) -> set[str]:
        return {code["code"] for code in self.fields.get("completion_codes", []) if code["actor"] == actor}


@dataclass
class BonusRequest:
    request_id: str
    study_id: str
    lines: list[tuple[str, str]]  # whom, and units as they were written
    state: str = "CREATED"  # then PAYING, then PAID


@dataclass(frozen=True)
class Call:
    """One request that came in."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Hook:
    """A webhook as it is sent: where it goes is the test's business."""

    event_id: str
    body: bytes
    headers: Mapping[str, str]

    def meta(self) -> Iterator[tuple[str, str]]:
        """The headers as Django's test client wants them."""
        for name, value in self.headers.items():
            yield f"HTTP_{name.upper().replace('-', '_')}", value


def _iso(at: dt.datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="microseconds").replace("+00:00", "Z")
