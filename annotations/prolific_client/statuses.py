"""Prolific's words for where a submission stands, and the order in which they come."""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """As a submission usually goes through them."""

    RESERVED = "RESERVED"
    ACTIVE = "ACTIVE"
    TIMED_OUT = "TIMED-OUT"
    RETURNED = "RETURNED"
    AWAITING_REVIEW = "AWAITING REVIEW"
    PROCESSING = "PROCESSING"
    SCREENED_OUT = "SCREENED OUT"
    REJECTED = "REJECTED"
    PARTIALLY_APPROVED = "PARTIALLY APPROVED"
    APPROVED = "APPROVED"


KNOWN: Final = tuple(map(str, Status))
PAID: Final = frozenset({Status.APPROVED, Status.PARTIALLY_APPROVED, Status.SCREENED_OUT})
# Prolific gives the place of such a submission to somebody else; why, in an allocation's words.
PLACE_FREED: Final[dict[str, str]] = {
    Status.RETURNED: "returned",
    Status.TIMED_OUT: "timed_out",
    Status.SCREENED_OUT: "screened_out",
    Status.REJECTED: "rejected",
}
# What the acts that a coordinator asks for lead to: a submission that stands there needs the act no more.
REACHED_BY: Final = {
    "approve": frozenset({Status.APPROVED, Status.PARTIALLY_APPROVED}),
    "complete": frozenset({Status.AWAITING_REVIEW, Status.APPROVED, Status.PARTIALLY_APPROVED}),
    "request_return": frozenset({Status.RETURNED}),
    "screen_out": frozenset({Status.SCREENED_OUT}),
    "reject": frozenset({Status.REJECTED}),
    "unreject": frozenset({Status.AWAITING_REVIEW, Status.APPROVED, Status.PARTIALLY_APPROVED}),
}

_MAX_LENGTH = 40
_BY_LETTERS = {"".join(filter(str.isalpha, status)): status for status in KNOWN}


def status_of(word: str) -> str:
    """Return Prolific's word as it is written in its API; an unknown one as it came, at most 40 characters of it.

    >>> status_of("timed_out"), status_of(" Awaiting review "), status_of("ON HOLD")
    ('TIMED-OUT', 'AWAITING REVIEW', 'ON HOLD')
    """
    word = word.replace("\0", "").strip()
    return _BY_LETTERS.get("".join(filter(str.isalpha, word.upper())), word[:_MAX_LENGTH])


def rank(status: str) -> tuple[int, str]:
    """Order two statuses told at the same moment: the later in KNOWN is greater, an unknown one the greatest."""
    return (KNOWN.index(status) if status in KNOWN else len(KNOWN), status)
