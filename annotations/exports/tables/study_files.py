"""The tables of every export, in their order; `annotations.exports.tables.table_rows` has the queries."""

from typing import Any

from annotations.analysis.tables.flow_table import FLOW
from annotations.analysis.tables.measures import SUMMARY
from annotations.exports.tables.answer_columns import END_ANSWERS, SPANS
from annotations.exports.tables.exclusion_columns import EXCLUSIONS
from annotations.exports.tables.phrase_columns import PHRASES
from annotations.exports.tables.run_columns import RUNS
from annotations.exports.tables.visit_columns import ASSIGNMENTS, PARTICIPANTS, SESSIONS
from annotations.tables.columns import Table

TABLES: tuple[Table[Any], ...] = (
    PARTICIPANTS,
    SESSIONS,
    ASSIGNMENTS,
    PHRASES,
    RUNS,
    END_ANSWERS,
    SPANS,
    FLOW,
    SUMMARY,
    EXCLUSIONS,
)
