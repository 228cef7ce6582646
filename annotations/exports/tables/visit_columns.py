"""Who came, which visits they made, and what they worked on in them."""

from annotations.models import (
    AllocationState,
    AnnotationSession,
    Assignment,
    EndReason,
    EntryVerification,
    Outcome,
    Participant,
    Stage,
)
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, field, participant_column, session_column, task_column


def _seconds_at_work(assignment: Assignment) -> float | None:
    if assignment.started_at is None or assignment.ended_at is None:
        return None
    return (assignment.ended_at - assignment.started_at).total_seconds()


PARTICIPANTS: Table[Participant] = Table(
    "participants.csv",
    "one row per person who entered",
    "by participant",
    (
        participant_column(lambda row: row.pseudonym),
        Column("created_at", "time", "when the person first entered", unit="UTC"),
        Column("sessions", "integer", "visits of this person", field("n_sessions"), range="1 or more"),
        Column("finished_sessions", "integer", "visits that were completed", field("n_finished"), **COUNT),
    ),
)

SESSIONS: Table[AnnotationSession] = Table(
    "sessions.csv",
    "one row per visit",
    "by participant, then by created_at",
    (
        session_column(lambda row: row.submission_key),
        participant_column(lambda row: row.participant.pseudonym),
        Column("kind", "text", "whose visit it is", range="participant, expert"),
        Column(
            "verification",
            "text",
            "how sure it is that the person came from Prolific",
            range=", ".join(EntryVerification.values),
        ),
        Column(
            "condition",
            "text",
            "what the person saw, empty where the study has no conditions",
            lambda row: row.condition.name if row.condition else None,
        ),
        Column("order", "integer", "which of the study's orders of tasks", range="0 or more"),
        Column("configuration", "integer", "version frozen at opening", lambda row: row.configuration.version),
        Column("stage", "text", "where the visit stands", range=", ".join(Stage.values)),
        Column("outcome", "text", "empty while the visit lasts", range=", ".join(Outcome.values)),
        Column("seed", "integer", "seeds the samples of images that the person is shown"),
        Column("created_at", "time", "when the person entered", unit="UTC"),
        Column("consented_at", "time", "when the person consented", unit="UTC"),
        Column("tutorial_done_at", "time", "when the tutorial was done", unit="UTC"),
        Column("check_tries", "integer", "tries at the comprehension check", field("n_check_tries"), range="0 to 2"),
        Column("ended_at", "time", "when the visit ended", unit="UTC"),
        Column("withdrawn_at", "time", "when the person withdrew: nothing of the visit is to be used then", unit="UTC"),
        Column("erased_at", "time", "when the person was erased", unit="UTC"),
        Column(
            "place",
            "text",
            "whether the visit holds its place: live while it may go on; empty without consent, and of experts",
            lambda row: row.allocation.state if hasattr(row, "allocation") else None,
            range=", ".join(AllocationState.values),
        ),
        Column("is_late", "boolean", "completed after its place was given to somebody else"),
        Column("code_version", "text", "version of Clarify at entry"),
    ),
)

ASSIGNMENTS: Table[Assignment] = Table(
    "assignments.csv",
    "one row per visit and task",
    "by participant, session, then task",
    (
        session_column(lambda row: row.session.submission_key),
        participant_column(lambda row: row.session.participant.pseudonym),
        task_column(lambda row: row.task.position),
        Column("position", "integer", "place in this visit's order of tasks, from 1"),
        Column("state", "text", "whether it was begun and ended", range="waiting, active, ended"),
        Column("started_at", "time", "when the clock started", unit="UTC"),
        Column("first_deadline_at", "time", "the deadline at the start", unit="UTC"),
        Column("deadline_at", "time", "the same, moved by the time that scoring took", unit="UTC"),
        Column("ended_at", "time", "when it ended", unit="UTC"),
        Column("end_reason", "text", "why it ended", range=", ".join(EndReason.values)),
        Column(
            "duration",
            "number",
            "time at it, waiting included",
            _seconds_at_work,
            unit="seconds",
            computed="ended_at less started_at",
        ),
        Column("phrases", "integer", "phrases submitted", field("n_phrases"), **COUNT),
    ),
)
