"""The columns of means over people and of comparisons: of conditions between people, and of tasks within people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from annotations.analysis.statistics.estimate_types import Comparison, Estimate
from annotations.analysis.tables.estimands import ADJUSTED, OVER, PRIMARY
from annotations.tables.columns import Boolean, Count, Json, Number, Share, Table, Text
from annotations.tables.shared import SCORE, TASK, field


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


@dataclass(frozen=True)
class Total:
    """One measure of one task over its people. reference: of the base model, or what unrelated words reach on average.

    missing: how many people have no value, by reason. p_value: that the mean own gain is 0, or that of best error
    scores what unrelated words reach on average; None for other measures. adjusted_p: Holm's over all that are primary.
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


_STUDENT = "Student's t: mean ± t(0.975, participants - 1) · sd / √participants"
_BCA = "bias-corrected and accelerated bootstrap of people, from a fixed seed"
TOTALS: Table[Total] = Table(
    "estimates.csv",
    "one row per task, measure of summary.csv and whom its mean is over, with an interval for the mean",
    "by task, then measure",
    (
        TASK,
        Text("measure", "a column of summary.csv"),
        OVER,
        PRIMARY,
        Count("participants", "participants who have the measure", field("estimate.n")),
        Json("missing", "how many have not, by reason", lambda row: dict(sorted(row.missing.items()))),
        Number("mean", "over these participants", field("estimate.mean")),
        Number("sd", "sample standard deviation (n - 1), empty below two", field("estimate.sd")),
        Number("median", "over these participants", field("estimate.median")),
        Number("max", "over these participants", field("estimate.max")),
        Number("mean_low", "lower end of the mean's 95% interval", field("estimate.low"), computed=_STUDENT),
        Number("mean_high", "its upper end; empty below two", field("estimate.high"), computed=_STUDENT),
        Number("bca_low", "lower end by bootstrap, beside it", field("estimate.bca_low"), computed=_BCA),
        Number("bca_high", "its upper end", field("estimate.bca_high"), computed=_BCA),
        Count("resamples", "of the bootstrap; its seed is fixed", field("estimate.resamples")),
        Number(
            "p_value",
            "two-sided, Student's t: that the mean own gain is 0, or the mean best error score what unrelated words "
            "reach on average in each person's tries; empty for other measures",
            **SCORE,
        ),
        Number("adjusted_p", ADJUSTED, **SCORE),
        Share(
            "base_model",
            "the base model's, where it has the measure",
            lambda row: row.reference if "accuracy" in row.measure else None,
        ),
        Number(
            "random_words",
            "what words unrelated to the errors reach on average in as many tries, where that is the measure",
            lambda row: row.reference if row.measure == "best_error_score" else None,
            **SCORE,
        ),
    ),
)
