"""The headline in its other two shapes, and over all people."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import Spread
from annotations.analysis.tables.estimands import ESTIMANDS, Over
from annotations.analysis.tables.measures import CONDITION, MEASURES, OVER
from annotations.exports.tables.summary import StudySummary
from annotations.tables.columns import Cell, Column, Table
from annotations.tables.shared import COUNT, SHARE, field, participant_column, task_column


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
        Column("condition", "text", CONDITION.meaning, lambda row: row.row.condition),
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
        (participant_column(field("participant")), CONDITION, *columns),
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
    """One measure of one task over some of its participants. missing: how many have no value."""

    task: int
    measure: str
    over: Over
    missing: int
    spread: Spread
    base_model: float | None
    control: float | None


TOTALS: Table[Total] = Table(
    "summary_totals.csv",
    "one row per task, measure of summary.csv and whom its mean is over, beside the base model",
    "by task, then measure",
    (
        task_column(field("task")),
        Column("measure", "text", "a column of summary.csv", field("measure")),
        OVER,
        Column("participants", "integer", "participants who have the measure", lambda row: row.spread.n, **COUNT),
        Column(
            "missing", "integer", "participants who have not; basis and task_end say why", field("missing"), **COUNT
        ),
        Column("mean", "number", "over these participants", lambda row: row.spread.mean, range="-1 to 1"),
        Column(
            "sd",
            "number",
            "standard deviation, empty below two",
            lambda row: row.spread.sd,
            computed="of the sample, with n - 1",
        ),
        Column("max", "number", "over these participants", lambda row: row.spread.max, range="-1 to 1"),
        Column("base_model", "number", "the base model's, where it has the measure", field("base_model"), **SHARE),
        Column("control", "number", "the control's, where it has the measure", field("control"), **SHARE),
    ),
)


def total_rows(summary: StudySummary) -> Iterator[Total]:
    """Yield the rows of `TOTALS`."""
    for task in summary.tasks:
        for each in ESTIMANDS:
            if each.over in (Over.COMPLETED, Over.TIME_OVER) or each.measure == "tries":
                continue
            is_accuracy = each.measure.startswith("worst_group_accuracy")
            beside = (task.base_worst_group_accuracy, task.control_worst_group) if is_accuracy else (None, None)
            spread = task.spread(each.measure, each.over)
            yield Total(task.task, each.measure, each.over, len(task.participants) - spread.n, spread, *beside)
