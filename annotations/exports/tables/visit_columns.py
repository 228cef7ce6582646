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
from annotations.tables.columns import Boolean, Count, Integer, Number, Table, Text, Time
from annotations.tables.shared import field, participant_column, session_column, task_column


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
        Time("created_at", "when the person first entered"),
        Integer("sessions", "visits of this person", field("n_sessions"), range="1 or more"),
        Count("finished_sessions", "visits that were completed", field("n_finished")),
    ),
)

SESSIONS: Table[AnnotationSession] = Table(
    "sessions.csv",
    "one row per visit",
    "by participant, then by created_at",
    (
        session_column(lambda row: row.submission_key),
        participant_column(lambda row: row.participant.pseudonym),
        Text("kind", "whose visit it is", range="participant, expert"),
        Text(
            "verification",
            "how sure it is that the person came from Prolific",
            range=", ".join(EntryVerification.values),
        ),
        Text(
            "condition",
            "what the person saw, empty where the study has no conditions",
            lambda row: row.condition.name if row.condition else None,
        ),
        Count("order", "which of the study's orders of tasks"),
        Integer("configuration", "version frozen at opening", lambda row: row.configuration.version),
        Text("stage", "where the visit stands", range=", ".join(Stage.values)),
        Text("outcome", "empty while the visit lasts", range=", ".join(Outcome.values)),
        Integer("seed", "seeds the samples of images that the person is shown"),
        Time("created_at", "when the person entered"),
        Time("consented_at", "when the person consented"),
        Time("tutorial_done_at", "when the tutorial was done"),
        Integer("check_tries", "tries at the comprehension check", field("n_check_tries"), range="0 to 2"),
        Time("ended_at", "when the visit ended"),
        Time("withdrawn_at", "when the person withdrew: nothing of the visit is to be used then"),
        Time("erased_at", "when the person was erased"),
        Text(
            "place",
            "whether the visit holds its place: live while it may go on; empty without consent, and of experts",
            lambda row: row.allocation.state if hasattr(row, "allocation") else None,
            range=", ".join(AllocationState.values),
        ),
        Boolean("is_late", "completed after its place was given to somebody else"),
        Text("code_version", "version of Clarify at entry"),
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
        Integer("position", "place in this visit's order of tasks, from 1"),
        Text("state", "whether it was begun and ended", range="waiting, active, ended"),
        Time("started_at", "when the clock started"),
        Time("first_deadline_at", "the deadline at the start"),
        Time("deadline_at", "the same, moved by the time that scoring took"),
        Time("ended_at", "when it ended"),
        Text("end_reason", "why it ended", range=", ".join(EndReason.values)),
        Text("note", "an expert's, on the class; of a skipped one, why; written as in phrases.csv"),
        Number(
            "duration",
            "time at it, waiting included",
            _seconds_at_work,
            unit="seconds",
            computed="ended_at less started_at",
        ),
        Count("phrases", "phrases submitted", field("n_phrases")),
    ),
)
