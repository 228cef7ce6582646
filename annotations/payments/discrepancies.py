"""Where our records and Prolific's differ: what happened in a visit here, beside what Prolific says of its submission.

Pure: one function of two sides at a moment, so that each discrepancy can be named and tested by itself. What
the pages say of each, and what mends it, is in discrepancies.toml.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from annotations.base.word_files import read_words
from annotations.models import Outcome
from annotations.prolific_client.statuses import KNOWN, PLACE_FREED, Status

GRACE: Final = dt.timedelta(minutes=10)  # in which the two sides may differ, since news of one takes its time
REVIEW_WITHIN: Final = dt.timedelta(days=21)  # then Prolific approves by itself
REVIEW_LATE: Final = dt.timedelta(days=14)

_BEGUN: Final = frozenset({Status.RESERVED, Status.ACTIVE})
_HANDED_IN: Final = frozenset({Status.AWAITING_REVIEW, Status.PROCESSING, Status.APPROVED, Status.PARTIALLY_APPROVED})
_NO_CODE_WORDS: Final = frozenset({"NOCODE", "NO CODE", "NO_CODE"})


class Discrepancy(StrEnum):
    """How the two sides differ; the value stands in addresses."""

    RETURNED = "returned"
    TIMED_OUT = "timed_out"
    NO_CODE = "no_code"
    NOT_DONE = "not_done"
    MISSING = "missing"
    NEVER_CAME = "never_came"
    TWICE = "twice"
    WRONG_CODE = "wrong_code"
    LATE = "late"
    REVIEW_DUE = "review_due"
    UNKNOWN_STATUS = "unknown_status"
    OTHER_PERSON = "other_person"


class Sides(NamedTuple):
    """A submission and its visit; each field is named as a query of submissions finds it.

    `status` is empty where Prolific never told of it; a code is known only with `completed_at`. Of the session, all is
    None where nobody came with the submission, and the outcome is empty while the visit goes on.
    """

    pk: int = 0
    pseudonym: str = ""
    status: str = ""
    seen_at: dt.datetime | None = None
    status_changed_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    entered_code: str = ""
    is_of_another: bool = False
    session__outcome: str | None = None
    session__created_at: dt.datetime | None = None
    session__ended_at: dt.datetime | None = None
    session__is_late: bool | None = None

    @property
    def is_done(self) -> bool:
        return self.session__outcome == Outcome.COMPLETED


@dataclass(frozen=True)
class Case:
    """Two sides at a moment, with what else decides whether they differ.

    codes: of the study (`Study.codes`); listed_at: when Prolific last told of all of the study's submissions (a poll or
    a file), None where it never did; n_standing: submissions of the same person that were not returned, timed out,
    rejected or screened out, this one included where it is one of them.
    """

    sides: Sides
    codes: Mapping[str, str]
    now: dt.datetime
    listed_at: dt.datetime | None
    n_standing: int = 1

    @property
    def has_settled(self) -> bool:
        """Whether the person left here long enough ago for Prolific's news to be here."""
        ended_at = self.sides.session__ended_at
        return ended_at is not None and self.now - ended_at >= GRACE

    @property
    def code(self) -> str:
        """What was entered there, empty for none and where they said that they have none."""
        code = self.sides.entered_code.strip()
        return "" if code.upper() in _NO_CODE_WORDS else code


def discrepancies(case: Case) -> tuple[Discrepancy, ...]:
    """Name how the two sides differ, none where they agree."""
    return tuple(name for name, holds in _TESTS.items() if holds(case))


def stands(status: str) -> bool:
    """Whether a submission still counts for its person: it was not returned, timed out, rejected or screened out."""
    return status not in PLACE_FREED


def is_unlisted(came_at: dt.datetime | None, seen_at: dt.datetime | None, listed_at: dt.datetime | None) -> bool:
    """Say whether Prolific told of all its submissions after this visit began, and not of this one."""
    return came_at is not None and seen_at is None and listed_at is not None and came_at + GRACE <= listed_at


def _no_code(case: Case) -> bool:
    """The redirect was lost: nothing was handed in there, or it was without any code."""
    there = case.sides
    if there.status in _HANDED_IN:
        return there.is_done and not case.code and (there.completed_at is not None or there.entered_code != "")
    return there.is_done and there.status in _BEGUN and case.has_settled


def _not_done(case: Case) -> bool:
    """Handed in there as completed, and not completed here; another outcome has another code."""
    outcome = case.sides.session__outcome
    if outcome in (None, Outcome.COMPLETED, Outcome.WITHDRAWN) or case.sides.status not in _HANDED_IN:
        return False
    return not (outcome and case.code and case.code == case.codes.get(outcome))


def _never_came(case: Case) -> bool:
    there = case.sides
    if there.session__outcome is not None or there.status == "" or not stands(there.status):
        return False
    since = there.started_at or there.status_changed_at or there.seen_at
    return there.status in _HANDED_IN or (since is not None and case.now - since >= GRACE)


def _wrong_code(case: Case) -> bool:
    """A code that is none of the study's, or that of another outcome than a completed visit had."""
    if case.sides.session__outcome is None or not case.code or case.code == case.codes.get("researcher"):
        return False
    if case.sides.is_done:
        return case.code != case.codes.get(Outcome.COMPLETED)
    return case.code not in case.codes.values()


def _review_due(case: Case) -> bool:
    since = case.sides.completed_at or case.sides.status_changed_at
    return case.sides.status == Status.AWAITING_REVIEW and since is not None and case.now - since > REVIEW_LATE


_TESTS: Final[dict[Discrepancy, Callable[[Case], bool]]] = {
    Discrepancy.RETURNED: lambda case: case.sides.is_done and case.sides.status == Status.RETURNED,
    Discrepancy.TIMED_OUT: lambda case: case.sides.is_done and case.sides.status == Status.TIMED_OUT,
    Discrepancy.NO_CODE: _no_code,
    Discrepancy.NOT_DONE: _not_done,
    Discrepancy.MISSING: lambda case: is_unlisted(case.sides.session__created_at, case.sides.seen_at, case.listed_at),
    Discrepancy.NEVER_CAME: _never_came,
    Discrepancy.TWICE: lambda case: stands(case.sides.status) and case.n_standing > 1,
    Discrepancy.WRONG_CODE: _wrong_code,
    Discrepancy.LATE: lambda case: bool(case.sides.session__is_late),
    Discrepancy.REVIEW_DUE: _review_due,
    Discrepancy.UNKNOWN_STATUS: lambda case: case.sides.status != "" and case.sides.status not in KNOWN,
    Discrepancy.OTHER_PERSON: lambda case: case.sides.is_of_another,
}


Repair = Literal["complete", "approve", "request_return", "message", "release_place", "refresh", "pay_by_hand"]


@dataclass(frozen=True)
class Words:
    """Texts about one kind of discrepancy.

    `repairs` are those of any status; `payments.discrepancy_repairs` says which of them fit a submission.
    """

    label: str
    meaning: str
    repairs: tuple[Repair, ...]


_FILE = read_words(__package__, "discrepancies")
WORDS: Final = {
    name: Words(of["label"], of["meaning"], tuple(of["repairs"]))
    for name, of in ((name, _FILE["discrepancies"][name]) for name in Discrepancy)
}
REPAIR_WORDS: Final[dict[Repair, str]] = _FILE["repairs"]
