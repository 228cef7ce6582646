"""Prolific's words for where a study stands, and what each act on a study leads to."""

from typing import Final, Literal

StudyRequest = Literal["pause_study", "start_study", "stop_study"]

PUBLISHING: Final = "PUBLISHING"
ACTIVE: Final = "ACTIVE"
PAUSED: Final = "PAUSED"
AWAITING_REVIEW: Final = "AWAITING REVIEW"
COMPLETED: Final = "COMPLETED"

SENDING: Final = frozenset({PUBLISHING, ACTIVE})  # people
OVER: Final = frozenset({AWAITING_REVIEW, COMPLETED})
# A study that stands there needs the act no more. What is over sends nobody, so it needs no pause.
REACHED_BY: Final = {
    "pause_study": frozenset({PAUSED, *OVER}),
    "start_study": SENDING,
    "stop_study": OVER,
}
FITS: Final = {
    "pause_study": SENDING,
    "start_study": frozenset({PAUSED}),
    "stop_study": frozenset({PAUSED, *SENDING}),
}

_MAX_LENGTH = 40


def study_status_of(word: str) -> str:
    """Return Prolific's word as it is written in its API; an unknown one as it came, at most 40 characters of it.

    >>> study_status_of("awaiting_review"), study_status_of("ON HOLD")
    ('AWAITING REVIEW', 'ON HOLD')
    """
    return word.replace("\0", "").strip().upper().replace("_", " ")[:_MAX_LENGTH]
