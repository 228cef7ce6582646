"""The event log: what happened in a study, written in the transaction of its effect."""

import uuid
from typing import Any

from annotations.models import AnnotationSession, Event, Study

STUDY_OPENED = "study_opened"
STUDY_PAUSED = "study_paused"
STUDY_RESUMED = "study_resumed"
STUDY_CLOSED = "study_closed"
SESSION_ENTERED = "session_entered"
CONSENT_GIVEN = "consent_given"
CONSENT_DECLINED = "consent_declined"
TUTORIAL_DONE = "tutorial_done"
CHECK_PASSED = "check_passed"
CHECK_FAILED = "check_failed"
SESSION_FINISHED = "session_finished"
SESSION_WITHDRAWN = "session_withdrawn"
ASSIGNMENT_STARTED = "assignment_started"
ASSIGNMENT_ENDED = "assignment_ended"
SCREEN_SHOWN = "screen_shown"
PHRASE_SUBMITTED = "phrase_submitted"
PHRASE_SCORED = "phrase_scored"
PHRASE_FAILED = "phrase_failed"
THRESHOLD_CHOSEN = "threshold_chosen"
PHRASE_JUDGED = "phrase_judged"
RUN_DONE = "run_done"
RUN_REFUSED = "run_refused"
RUN_FAILED = "run_failed"

KINDS = frozenset(
    {
        STUDY_OPENED,
        STUDY_PAUSED,
        STUDY_RESUMED,
        STUDY_CLOSED,
        SESSION_ENTERED,
        CONSENT_GIVEN,
        CONSENT_DECLINED,
        TUTORIAL_DONE,
        CHECK_PASSED,
        CHECK_FAILED,
        SESSION_FINISHED,
        SESSION_WITHDRAWN,
        ASSIGNMENT_STARTED,
        ASSIGNMENT_ENDED,
        SCREEN_SHOWN,
        PHRASE_SUBMITTED,
        PHRASE_SCORED,
        PHRASE_FAILED,
        THRESHOLD_CHOSEN,
        PHRASE_JUDGED,
        RUN_DONE,
        RUN_REFUSED,
        RUN_FAILED,
    }
)


def record(kind: str, *, study: Study, session: AnnotationSession | None = None, **payload: Any) -> Event:
    """Append one event. `payload` is JSON (a UUID becomes its text) and never holds an outside id, address or name.

    Raises ValueError for a kind that is not in KINDS.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of event")
    plain = {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in payload.items()}
    return Event.objects.create(study=study, session=session, kind=kind, payload=plain)
