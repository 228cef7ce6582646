"""The tables of an export and their columns; `annotations.exports.rows` has the queries."""

from typing import Any

from annotations.analysis.measures import SUMMARY
from annotations.exports.tables.answers import END_ANSWERS, SPANS
from annotations.exports.tables.exclusions import EXCLUSIONS
from annotations.exports.tables.measures import LONG, TOTALS, wide_table
from annotations.exports.tables.phrases import PHRASES
from annotations.exports.tables.runs import RUNS
from annotations.exports.tables.visits import ASSIGNMENTS, PARTICIPANTS, SESSIONS
from annotations.tables.columns import Table

# The same for every study; `wide_table` depends on its tasks.
TABLES: tuple[Table[Any], ...] = (
    PARTICIPANTS,
    SESSIONS,
    ASSIGNMENTS,
    PHRASES,
    RUNS,
    END_ANSWERS,
    SPANS,
    SUMMARY,
    LONG,
    TOTALS,
    EXCLUSIONS,
)

__all__ = [
    "ASSIGNMENTS",
    "END_ANSWERS",
    "EXCLUSIONS",
    "LONG",
    "PARTICIPANTS",
    "PHRASES",
    "RUNS",
    "SESSIONS",
    "SPANS",
    "SUMMARY",
    "TABLES",
    "TOTALS",
    "wide_table",
]
