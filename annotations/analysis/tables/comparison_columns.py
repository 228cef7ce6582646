"""The columns of comparisons: of conditions between people, and of tasks within people."""

from collections.abc import Callable
from dataclasses import dataclass

from annotations.analysis.statistics.estimate_types import Comparison
from annotations.analysis.tables.measures import ADJUSTED, OVER, PRIMARY
from annotations.tables.columns import Boolean, Count, Number, Table, Text
from annotations.tables.shared import SCORE, field


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
            Text("measure", "a column of summary.csv"),
            OVER,
            PRIMARY,
            Text("first", first),
            Text("second", "the other one"),
            Count("first_people", "people in the comparison", lambda row: row.result.n[0]),
            Count("second_people", "people in the comparison", lambda row: row.result.n[1]),
            Number("first_mean", "mean over tasks of the first's means; empty within people", _mean_of(0)),
            Number("second_mean", "the same of the second's", _mean_of(1)),
            Number("difference", "mean of the second less the first", field("result.difference")),
            Number("low", f"lower end of its 95% interval, {whose} t", field("result.low")),
            Number("high", "its upper end", field("result.high")),
            Number("p_value", f"of {whose} t test, two-sided", field("result.p_value"), **SCORE),
            Number(
                "permutation_p",
                "of a permutation test of the same difference, two-sided",
                field("result.permutation_p"),
                **SCORE,
            ),
            Number("adjusted_p", ADJUSTED, **SCORE),
            Count("orders", "permutations taken", field("result.orders")),
            Boolean("is_exact", "whether these are all", field("result.is_exact")),
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
