"""The columns of comparisons: of conditions between people, and of tasks within people."""

from collections.abc import Callable
from dataclasses import dataclass

from annotations.analysis.statistics.estimate_types import Comparison
from annotations.analysis.tables.measures import ADJUSTED, OVER, PRIMARY
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, SCORE, field


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


def _mean_of(place: int) -> Callable[[Compared], float | None]:
    return lambda row: row.result.means[place] if row.result.means else None


def _comparisons(file: str, meaning: str, first: str, whose: str) -> Table[Compared]:
    return Table(
        file,
        meaning,
        "by measure, then as the study lists them",
        (
            Column("measure", "text", "a column of summary.csv"),
            OVER,
            PRIMARY,
            Column("first", "text", first),
            Column("second", "text", "the other one"),
            Column("first_people", "integer", "people in the comparison", lambda row: row.result.n[0], **COUNT),
            Column("second_people", "integer", "people in the comparison", lambda row: row.result.n[1], **COUNT),
            Column("first_mean", "number", "mean over tasks of the first's means; empty within people", _mean_of(0)),
            Column("second_mean", "number", "the same of the second's", _mean_of(1)),
            Column("difference", "number", "mean of the second less the first", field("result.difference")),
            Column("low", "number", f"lower end of its 95% interval, {whose} t", field("result.low")),
            Column("high", "number", "its upper end", field("result.high")),
            Column("p_value", "number", f"of {whose} t test, two-sided", field("result.p_value"), **SCORE),
            Column(
                "permutation_p",
                "number",
                "of a permutation test of the same difference, two-sided",
                field("result.permutation_p"),
                **SCORE,
            ),
            Column("adjusted_p", "number", ADJUSTED, **SCORE),
            Column("orders", "integer", "permutations taken", field("result.orders"), **COUNT),
            Column("is_exact", "boolean", "whether these are all", field("result.is_exact")),
        ),
    )


CONDITIONS = _comparisons(
    "conditions.csv",
    "one row per measure and pair of conditions: between people, a person's values on several tasks count as one",
    "a condition",
    "Welch's",
)
PAIRED = _comparisons(
    "tasks_within_people.csv",
    "one row per measure and pair of tasks: within the people who have both",
    "a task",
    "Student's",
)
