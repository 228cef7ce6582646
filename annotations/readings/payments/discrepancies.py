"""Where our records and Prolific's differ: what happened in a visit here, beside what Prolific says of its submission.

Pure: one function of two sides and a moment, so that each discrepancy can be named and tested by itself.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from annotations.models import Outcome
from annotations.prolific.statuses import (
    ACTIVE,
    APPROVED,
    AWAITING_REVIEW,
    KNOWN,
    PARTIALLY_APPROVED,
    PLACE_FREED,
    PROCESSING,
    RESERVED,
    RETURNED,
    TIMED_OUT,
)

GRACE: Final = dt.timedelta(minutes=10)  # in which the two sides may differ, since news of one takes its time
REVIEW_WITHIN: Final = dt.timedelta(days=21)  # then Prolific approves by itself
REVIEW_LATE: Final = dt.timedelta(days=14)

_BEGUN: Final = frozenset({RESERVED, ACTIVE})
_HANDED_IN: Final = frozenset({AWAITING_REVIEW, PROCESSING, APPROVED, PARTIALLY_APPROVED})
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


@dataclass(frozen=True)
class VisitSide:
    """A visit. `outcome` is empty while it goes on."""

    outcome: str
    came_at: dt.datetime
    ended_at: dt.datetime | None = None
    is_late: bool = False


@dataclass(frozen=True)
class ProlificSide:
    """A submission. `status` is empty where Prolific never told of it; a code is known only with `completed_at`.

    n_standing: submissions of the same person that were not returned, timed out, rejected or screened out, this one
    included where it is one of them.
    """

    status: str = ""
    seen_at: dt.datetime | None = None
    changed_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    entered_code: str = ""
    n_standing: int = 1
    is_of_another: bool = False


@dataclass(frozen=True)
class Codes:
    """The study's codes: by the outcome of a visit, and the researcher's, which says nothing of the outcome."""

    by_outcome: Mapping[str, str]
    researcher: str = ""


def discrepancies(
    visit: VisitSide | None, prolific: ProlificSide, *, codes: Codes, now: dt.datetime, listed_at: dt.datetime | None
) -> tuple[Discrepancy, ...]:
    """Name how the two sides differ, none where they agree.

    visit: None if nobody came with the submission; listed_at: when Prolific last told of all of the study's
    submissions (a poll or a file), None where it never did.
    """
    case = _Case(visit, prolific, codes, now, listed_at)
    return tuple(name for name, holds in _TESTS.items() if holds(case))


def stands(status: str) -> bool:
    """Whether a submission still counts for its person: it was not returned, timed out, rejected or screened out."""
    return status not in PLACE_FREED


def own_code(entered: str) -> str:
    """Return the code that somebody entered on Prolific, empty where they said that they have none."""
    code = entered.strip()
    return "" if code.upper() in _NO_CODE_WORDS else code


@dataclass(frozen=True)
class _Case:
    visit: VisitSide | None
    prolific: ProlificSide
    codes: Codes
    now: dt.datetime
    listed_at: dt.datetime | None

    @property
    def is_done(self) -> bool:
        return self.visit is not None and self.visit.outcome == Outcome.COMPLETED

    @property
    def has_settled(self) -> bool:
        """Whether the person left here long enough ago for Prolific's news to be here."""
        return self.visit is not None and self.visit.ended_at is not None and self.now - self.visit.ended_at >= GRACE

    @property
    def code(self) -> str:
        """What was entered there, empty for none."""
        return own_code(self.prolific.entered_code)


def _no_code(case: _Case) -> bool:
    """The redirect was lost: nothing was handed in there, or it was without any code."""
    if not case.is_done:
        return False
    handed_in_without = case.prolific.status in _HANDED_IN and case.prolific.completed_at is not None and not case.code
    told_none = case.prolific.status in _HANDED_IN and bool(case.prolific.entered_code) and not case.code
    return handed_in_without or told_none or (case.prolific.status in _BEGUN and case.has_settled)


def _not_done(case: _Case) -> bool:
    """Handed in there as completed, and not completed here; another outcome has another code."""
    visit = case.visit
    if visit is None or case.is_done or visit.outcome == Outcome.WITHDRAWN or case.prolific.status not in _HANDED_IN:
        return False
    return not (visit.outcome and case.code and case.code == case.codes.by_outcome.get(visit.outcome))


def _missing(case: _Case) -> bool:
    """Prolific told of all its submissions after this visit began, and not of this one."""
    visit, listed = case.visit, case.listed_at
    return (
        visit is not None and case.prolific.seen_at is None and listed is not None and visit.came_at + GRACE <= listed
    )


def _never_came(case: _Case) -> bool:
    prolific = case.prolific
    if case.visit is not None or prolific.status == "" or not stands(prolific.status):
        return False
    since = prolific.started_at or prolific.changed_at or prolific.seen_at
    return prolific.status in _HANDED_IN or (since is not None and case.now - since >= GRACE)


def _wrong_code(case: _Case) -> bool:
    """A code that is none of the study's, or that of another outcome than a completed visit had."""
    if case.visit is None or not case.code or case.code == case.codes.researcher:
        return False
    if case.is_done:
        return case.code != case.codes.by_outcome.get(Outcome.COMPLETED)
    return case.code not in case.codes.by_outcome.values()


def _review_due(case: _Case) -> bool:
    since = case.prolific.completed_at or case.prolific.changed_at
    return case.prolific.status == AWAITING_REVIEW and since is not None and case.now - since > REVIEW_LATE


_TESTS: Final[dict[Discrepancy, Callable[[_Case], bool]]] = {
    Discrepancy.RETURNED: lambda case: case.is_done and case.prolific.status == RETURNED,
    Discrepancy.TIMED_OUT: lambda case: case.is_done and case.prolific.status == TIMED_OUT,
    Discrepancy.NO_CODE: _no_code,
    Discrepancy.NOT_DONE: _not_done,
    Discrepancy.MISSING: _missing,
    Discrepancy.NEVER_CAME: _never_came,
    Discrepancy.TWICE: lambda case: stands(case.prolific.status) and case.prolific.n_standing > 1,
    Discrepancy.WRONG_CODE: _wrong_code,
    Discrepancy.LATE: lambda case: case.visit is not None and case.visit.is_late,
    Discrepancy.REVIEW_DUE: _review_due,
    Discrepancy.UNKNOWN_STATUS: lambda case: case.prolific.status != "" and case.prolific.status not in KNOWN,
    Discrepancy.OTHER_PERSON: lambda case: case.prolific.is_of_another,
}
