"""What people answered at the end, and the spans of time on the pages."""

from annotations.models import EndAnswer, Span, SpanKind
from annotations.tables.columns import Column, Table
from annotations.tables.shared import participant_column, session_column


def _seconds_of_span(span: Span) -> float:
    return (span.ended_at - span.began_at).total_seconds()


END_ANSWERS: Table[EndAnswer] = Table(
    "end_answers.csv",
    "one row per answer to the study's own questions at the end; a question that was skipped has none",
    "by participant, session, then number",
    (
        session_column(lambda row: row.session.submission_key),
        participant_column(lambda row: row.session.participant.pseudonym),
        Column("number", "integer", "of the question, from 1"),
        Column("question", "text", "as it was shown"),
        Column("answer", "text", "as typed, or the study's own wording of what was chosen; written as in phrases.csv"),
        Column("language", "text", "of the question as it was shown"),
        Column("answered_at", "time", "when the server stored it", unit="UTC"),
    ),
)

SPANS: Table[Span] = Table(
    "spans.csv",
    "one row per span of time on the visit's pages, raw, as the browser reported it; they may overlap",
    "by participant, session, then began_at",
    (
        session_column(lambda row: row.session.submission_key),
        participant_column(lambda row: row.session.participant.pseudonym),
        Column(
            "task",
            "integer",
            "number of the task, empty on other pages than a task's",
            lambda row: row.assignment.task.position if row.assignment else None,
        ),
        Column("opening", "text", "tells tabs and reloads apart: one opening of one page"),
        Column(
            "kind",
            "text",
            "visible, idle (in view, half a minute without a hand) and hidden follow each other; offline, waiting for "
            "a score and enlarged lie over them",
            range=", ".join(SpanKind.values),
        ),
        Column("image_key", "text", "the image that was enlarged"),
        Column("began_at", "time", "by the server's clock", unit="UTC"),
        Column("ended_at", "time", "by the server's clock", unit="UTC"),
        Column(
            "duration",
            "number",
            "how long it lasted",
            _seconds_of_span,
            unit="seconds",
            computed="ended_at less began_at",
        ),
        Column("received_at", "time", "when the server stored it", unit="UTC"),
    ),
)
