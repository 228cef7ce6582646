"""The headline: what each person reached on each task, in three shapes, and over all people."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from annotations.analysis.estimates import Spread
from annotations.analysis.people import PersonTask
from annotations.exports.summary import StudySummary
from annotations.tables.columns import Cell, Column, Table
from annotations.tables.shared import COUNT, SHARE, field, participant_column, task_column

_CONDITION: Column[Any] = Column(
    "condition", "text", "what the person saw, empty where the study has no conditions", field("condition")
)
_OPTIMISTIC = "optimistic: the best over all phrases of the person, so the test images chose the phrase"
# What is measured of a person on a task. summary.csv has a column for each, measures_long.csv a row,
# participants_wide.csv a column for each task.
MEASURES: tuple[Column[PersonTask], ...] = (
    Column("phrases", "integer", "phrases submitted in the task", field("n_phrases"), **COUNT),
    Column("tries", "integer", "distinct phrases that the person tried for the class", field("tries"), **COUNT),
    Column(
        "best_error_score",
        "number",
        "the highest error score of those phrases",
        field("best_error_score"),
        range="0 to 1",
        computed="maximum of error_score over the person's rows of the task in phrases.csv; the first row wins a tie",
    ),
    Column(
        "null_level",
        "number",
        "what random words reach in so many tries, in 19 of 20 cases at most",
        field("null_level"),
        range="0 to 1",
        computed="smallest attainable error score x with F0(x) to the power of tries at least 0.95",
    ),
    Column(
        "worst_group_accuracy",
        "number",
        "the headline: on test, of the phrase with the best error score; empty where that has no finished run",
        field("worst_group_accuracy"),
        computed="worst_group_accuracy in runs.csv of the run of the row that best_error_score is of",
        **SHARE,
    ),
    Column(
        "worst_group_accuracy_chosen_on_test",
        "number",
        _OPTIMISTIC,
        field("worst_group_accuracy_chosen_on_test"),
        computed="maximum of worst_group_accuracy in runs.csv over the runs of the person's phrases in the task",
        **SHARE,
    ),
    Column(
        "active_time",
        "number",
        "at work: in view, with a hand on it, online, not waiting for a score; empty where the browser said nothing",
        lambda row: row.times.active,
        unit="seconds",
        computed="length of the union of visible spans in the task, less waiting and offline ones; summed over visits",
    ),
    Column(
        "waiting_time",
        "number",
        "spent waiting for scores; empty where the browser said nothing",
        lambda row: row.times.waiting,
        unit="seconds",
        computed="length of the union of waiting spans within the task; summed over visits",
    ),
    Column(
        "wall_time",
        "number",
        "from the start of the task to its end",
        lambda row: row.times.wall,
        unit="seconds",
        computed="ended_at less started_at in assignments.csv; summed over visits",
    ),
)

SUMMARY: Table[PersonTask] = Table(
    "summary.csv",
    "one row per participant and task: the headline",
    "by task, then participant",
    (
        task_column(field("task")),
        participant_column(field("participant")),
        _CONDITION,
        *MEASURES,
        Column(
            "best_phrase", "text", "the phrase with the best score; written as in phrases.csv", field("best_phrase")
        ),
        Column(
            "phrase_chosen_on_test",
            "text",
            "the phrase of worst_group_accuracy_chosen_on_test; written as in phrases.csv",
            field("phrase_chosen_on_test"),
        ),
    ),
)


@dataclass(frozen=True)
class Measured:
    """One measure of one person on one task."""

    row: PersonTask
    measure: Column[PersonTask]


LONG: Table[Measured] = Table(
    "measures_long.csv",
    "one row per participant, task and measure: summary.csv in the long shape",
    "by task, participant, then measure as in summary.csv",
    (
        task_column(lambda row: row.row.task),
        participant_column(lambda row: row.row.participant),
        Column("condition", "text", _CONDITION.meaning, lambda row: row.row.condition),
        Column("measure", "text", "a column of summary.csv, where it is described", lambda row: row.measure.name),
        Column("value", "number", "the measure", lambda row: row.measure.cell(row.row)),
    ),
)


@dataclass(frozen=True)
class Person:
    """What one person reached, by the number of the task."""

    participant: str
    condition: str | None
    tasks: dict[int, PersonTask]


def wide_table(tasks: Iterable[int]) -> Table[Person]:
    """Return the table with one row per participant; it has a column for each of the study's tasks and each measure."""
    columns = (_of_task(task, measure) for task in tasks for measure in MEASURES)
    return Table(
        "participants_wide.csv",
        "one row per participant: summary.csv in the wide shape",
        "by participant",
        (participant_column(field("participant")), _CONDITION, *columns),
    )


def _of_task(task: int, measure: Column[PersonTask]) -> Column[Person]:
    return Column(
        f"task_{task}_{measure.name}",
        measure.type,
        f"on task {task}: {measure.meaning}",
        _cell_of_task(task, measure.cell),
        measure.unit,
        measure.range,
        measure.computed,
    )


def _cell_of_task(task: int, cell: Callable[[PersonTask], Cell]) -> Callable[[Person], Cell]:
    return lambda person: cell(person.tasks[task]) if task in person.tasks else None


def long_rows(summary: StudySummary) -> Iterator[Measured]:
    """Yield the rows of `LONG`."""
    return (Measured(row, measure) for task in summary.tasks for row in task.participants for measure in MEASURES)


def wide_rows(summary: StudySummary) -> Iterator[Person]:
    """Yield the rows of `wide_table`."""
    people: dict[str, Person] = {}
    for task in summary.tasks:
        for row in task.participants:
            person = people.setdefault(row.participant, Person(row.participant, row.condition, {}))
            person.tasks[task.task] = row
    return (people[participant] for participant in sorted(people))


@dataclass(frozen=True)
class Total:
    """One measure of one task over its participants."""

    task: int
    measure: str
    spread: Spread
    base_model: float | None


TOTALS: Table[Total] = Table(
    "summary_totals.csv",
    "one row per task and measure of summary.csv, beside the base model",
    "by task, then measure",
    (
        task_column(field("task")),
        Column("measure", "text", "a column of summary.csv", field("measure")),
        Column("participants", "integer", "participants who have the measure", lambda row: row.spread.n, **COUNT),
        Column("mean", "number", "over these participants", lambda row: row.spread.mean, range="0 to 1"),
        Column(
            "sd",
            "number",
            "standard deviation, empty below two",
            lambda row: row.spread.sd,
            computed="of the sample, with n - 1",
        ),
        Column("max", "number", "over these participants", lambda row: row.spread.max, range="0 to 1"),
        Column("base_model", "number", "the base model's, where it has the measure", field("base_model"), **SHARE),
    ),
)


def total_rows(summary: StudySummary) -> Iterator[Total]:
    """Yield the rows of `TOTALS`."""
    for task in summary.tasks:
        base = task.base_worst_group_accuracy
        yield Total(task.task, "best_error_score", task.best_error_score, None)
        yield Total(task.task, "worst_group_accuracy", task.worst_group_accuracy, base)
        chosen = "worst_group_accuracy_chosen_on_test"
        yield Total(task.task, chosen, task.worst_group_accuracy_chosen_on_test, base)
