"""Retraining runs."""

from annotations.models import Run
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.tables.columns import Table
from annotations.tables.shared import field, participant_column, session_column, task_column
from annotations.tables.worded_tables import worded


def _typed(run: Run) -> str:
    hidden: bool = run.is_hidden  # type: ignore[attr-defined]  # annotated
    return HIDDEN if hidden else run.phrase_text


RUNS: Table[Run] = worded(
    __package__,
    "runs",
    {
        "run": field("public_id"),
        "base_model": lambda row: row.base_model.name,
        "phrase_text": _typed,
        "base_worst_group_accuracy": lambda row: row.base_model.test_metrics["worst_group"],
        "base_average_accuracy": lambda row: row.base_model.test_metrics["average"],
        "control_worst_group": lambda row: row.control.worst_group_accuracy if row.control else None,
    },
    shared=(
        session_column(lambda row: row.assignment.session.submission_key),
        participant_column(lambda row: row.assignment.session.participant.pseudonym),
        task_column(lambda row: row.assignment.task.position),
    ),
)
