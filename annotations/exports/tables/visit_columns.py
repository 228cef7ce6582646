"""Who came, which visits they made, what they worked on and answered in them, and the spans of time on the pages."""

from annotations.models import (
    AllocationState,
    AnnotationSession,
    Assignment,
    EndAnswer,
    EndReason,
    EntryVerification,
    Outcome,
    Participant,
    Span,
    SpanKind,
    Stage,
)
from annotations.tables.columns import Table
from annotations.tables.shared import field, participant_column, session_column, task_column
from annotations.tables.worded_tables import worded

_SESSION = session_column(lambda row: row.session.submission_key)
_PARTICIPANT = participant_column(lambda row: row.session.participant.pseudonym)


def _seconds_at_work(assignment: Assignment) -> float | None:
    if assignment.started_at is None or assignment.ended_at is None:
        return None
    return (assignment.ended_at - assignment.started_at).total_seconds()


PARTICIPANTS: Table[Participant] = worded(
    __package__,
    "participants",
    {"sessions": field("n_sessions"), "finished_sessions": field("n_finished")},
    shared=[participant_column(lambda row: row.pseudonym)],
)
SESSIONS: Table[AnnotationSession] = worded(
    __package__,
    "sessions",
    {
        "condition": lambda row: row.condition.name if row.condition else None,
        "configuration": lambda row: row.configuration.version,
        "check_tries": field("n_check_tries"),
        "place": lambda row: row.allocation.state if hasattr(row, "allocation") else None,
    },
    {"verification": EntryVerification, "stage": Stage, "outcome": Outcome, "place": AllocationState},
    (
        session_column(lambda row: row.submission_key),
        participant_column(lambda row: row.participant.pseudonym),
    ),
)
ASSIGNMENTS: Table[Assignment] = worded(
    __package__,
    "assignments",
    {"duration": _seconds_at_work, "phrases": field("n_phrases")},
    {"end_reason": EndReason},
    (_SESSION, _PARTICIPANT, task_column(lambda row: row.task.position)),
)
END_ANSWERS: Table[EndAnswer] = worded(__package__, "end_answers", shared=(_SESSION, _PARTICIPANT))
SPANS: Table[Span] = worded(
    __package__,
    "spans",
    {
        "task": lambda row: row.assignment.task.position if row.assignment else None,
        "duration": lambda row: (row.ended_at - row.began_at).total_seconds(),
    },
    {"kind": SpanKind},
    (_SESSION, _PARTICIPANT),
)
