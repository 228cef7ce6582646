"""The columns of means over people and of comparisons: of conditions between people, and of tasks within people."""

from collections.abc import Mapping
from dataclasses import dataclass

from annotations.analysis.statistics.estimate_types import Comparison, Estimate
from annotations.base.tables.columns import Table
from annotations.base.tables.worded_tables import worded


@dataclass(frozen=True)
class Compared:
    """`second` less `first` of one measure. adjusted_p: Holm's over all that are primary, None for others."""

    measure: str
    over: str
    first: str
    second: str
    result: Comparison
    is_primary: bool = False
    adjusted_p: float | None = None


CONDITIONS: Table[Compared] = worded(__package__, "conditions")
PAIRED: Table[Compared] = worded(__package__, "tasks_within_people")


@dataclass(frozen=True)
class Total:
    """One measure of one task over its people. reference: of the base model, or what unrelated words reach on average.

    missing: how many people have no value, by reason. p_value: that people gain what random slices do, or that best
    error scores are what unrelated words reach on average; None for other measures. adjusted_p: Holm's over all that
    are primary.
    """

    task: int
    measure: str
    over: str
    estimate: Estimate
    missing: Mapping[str, int]
    reference: float | None
    is_primary: bool = False
    p_value: float | None = None
    adjusted_p: float | None = None


TOTALS: Table[Total] = worded(
    __package__,
    "estimates",
    {
        "missing": lambda row: dict(sorted(row.missing.items())),
        "base_model": lambda row: row.reference if "accuracy" in row.measure else None,
        "random_words": lambda row: row.reference if row.measure == "best_error_score" else None,
    },
)
