"""What people answered at the end, and the spans of time on the pages."""

from annotations.models import EndAnswer, Span, SpanKind
from annotations.tables.columns import Integer, Number, Table, Text, Time
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
        Integer("number", "of the question, from 1"),
        Text("question", "as it was shown"),
        Text("answer", "as typed, or the study's own wording of what was chosen; written as in phrases.csv"),
        Text("language", "of the question as it was shown"),
        Time("answered_at", "when the server stored it"),
    ),
)

SPANS: Table[Span] = Table(
    "spans.csv",
    "one row per span of time on the visit's pages, raw, as the browser reported it; they may overlap",
    "by participant, session, then began_at",
    (
        session_column(lambda row: row.session.submission_key),
        participant_column(lambda row: row.session.participant.pseudonym),
        Integer(
            "task",
            "number of the task, empty on other pages than a task's",
            lambda row: row.assignment.task.position if row.assignment else None,
        ),
        Text("opening", "tells tabs and reloads apart: one opening of one page"),
        Text(
            "kind",
            "visible, idle (in view, half a minute without a hand) and hidden follow each other; offline, waiting for "
            "a score and enlarged lie over them",
            range=", ".join(SpanKind.values),
        ),
        Text("image_key", "the image that was enlarged"),
        Time("began_at", "by the server's clock"),
        Time("ended_at", "by the server's clock"),
        Number("duration", "how long it lasted", _seconds_of_span, unit="seconds", computed="ended_at less began_at"),
        Time("received_at", "when the server stored it"),
    ),
)
