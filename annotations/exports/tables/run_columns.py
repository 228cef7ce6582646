"""Retraining runs."""

from annotations.models import Run
from annotations.readings.releases.moderated_words import HIDDEN
from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded


def _typed(run: Run) -> str:
    hidden: bool = run.is_hidden  # type: ignore[attr-defined]  # annotated
    return HIDDEN if hidden else run.phrase_text


RUNS: Table[Run] = worded(
    __package__,
    "runs",
    {
        "phrase_text": _typed,
        "base_worst_group_accuracy": lambda row: row.base_model.test_metrics["worst_group"],
        "base_average_accuracy": lambda row: row.base_model.test_metrics["average"],
    },
)
