"""Prolific's words for where a submission stands, and the order in which they come."""

from typing import Final

RESERVED: Final = "RESERVED"
ACTIVE: Final = "ACTIVE"
TIMED_OUT: Final = "TIMED-OUT"
RETURNED: Final = "RETURNED"
AWAITING_REVIEW: Final = "AWAITING REVIEW"
PROCESSING: Final = "PROCESSING"
SCREENED_OUT: Final = "SCREENED OUT"
REJECTED: Final = "REJECTED"
PARTIALLY_APPROVED: Final = "PARTIALLY APPROVED"
APPROVED: Final = "APPROVED"

# As a submission usually goes through them.
KNOWN: Final = (
    RESERVED,
    ACTIVE,
    TIMED_OUT,
    RETURNED,
    AWAITING_REVIEW,
    PROCESSING,
    SCREENED_OUT,
    REJECTED,
    PARTIALLY_APPROVED,
    APPROVED,
)
PAID: Final = frozenset({APPROVED, PARTIALLY_APPROVED, SCREENED_OUT})
# Prolific gives the place of such a submission to somebody else; why, in an allocation's words.
PLACE_FREED: Final = {
    RETURNED: "returned",
    TIMED_OUT: "timed_out",
    SCREENED_OUT: "screened_out",
    REJECTED: "rejected",
}
# What the acts that a coordinator asks for lead to: a submission that stands there needs the act no more.
REACHED_BY: Final = {
    "approve": frozenset({APPROVED, PARTIALLY_APPROVED}),
    "complete": frozenset({AWAITING_REVIEW, APPROVED, PARTIALLY_APPROVED}),
    "request_return": frozenset({RETURNED}),
    "screen_out": frozenset({SCREENED_OUT}),
    "reject": frozenset({REJECTED}),
    "unreject": frozenset({AWAITING_REVIEW, APPROVED, PARTIALLY_APPROVED}),
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
