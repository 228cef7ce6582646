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
from annotations.tables.worded_tables import worded


def _seconds_at_work(assignment: Assignment) -> float | None:
    if assignment.started_at is None or assignment.ended_at is None:
        return None
    return (assignment.ended_at - assignment.started_at).total_seconds()


PARTICIPANTS: Table[Participant] = worded(__package__, "participants")
SESSIONS: Table[AnnotationSession] = worded(
    __package__,
    "sessions",
    values={"verification": EntryVerification, "stage": Stage, "outcome": Outcome, "place": AllocationState},
)
ASSIGNMENTS: Table[Assignment] = worded(
    __package__, "assignments", {"duration": _seconds_at_work}, {"end_reason": EndReason}
)
END_ANSWERS: Table[EndAnswer] = worded(__package__, "end_answers")
SPANS: Table[Span] = worded(
    __package__,
    "spans",
    {"duration": lambda row: (row.ended_at - row.began_at).total_seconds()},
    {"kind": SpanKind},
)
