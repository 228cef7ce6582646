"""The paper's figures as plain values: what is drawn, in which series, and how it is defined.

`worker.figures` draws them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from statistics import fmean
from typing import Any, Literal

from annotations.analysis.figures.chart_values import (
    MAX_TASKS,
    CurveChart,
    CurvePanel,
    Figure,
    Line,
    LineChart,
    Mark,
    Panel,
    Reference,
    Series,
)
from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimates import Estimate, estimate, wilson_interval
from annotations.analysis.tables.baseline_tables import Method
from annotations.analysis.tables.measures import VALUES
from annotations.analysis.tables.study_tables import StudyTables

MAX_DOTS = 200
PEOPLE, EXPERTS, RANDOM = (
    Series("people", "participants (dots), and their mean with 95% interval", "circle", 0),
    Series("experts", "experts: one each", "diamond", 1),
    Series("random", "random words: mean to 95% level", "bar", 4),
)
_METHODS = Series("methods", "other methods: mean ± 1 SD", "square", 3)
_BEFORE = Series("before", "before, with 95% interval", "circle", 4)
_AFTER = Series("after", "after retraining, with 95% interval", "diamond", 0)
_REFERENCES = {"base_model": "base model", "control": "control"}
_GROUPS = ("Zero-Shot", "Text Feedback", "Labels", "Labels, Text Feedback", "Labels, Group Labels")  # as in Table 1
_OURS = "Labels, Text Feedback"
_CHOSEN = {
    "worst_group_accuracy": "Best error score of each",
    "worst_group_accuracy_chosen_on_test": "Chosen on test (optimistic)",
}


def figures(tables: StudyTables) -> tuple[Figure, ...]:
    """Return every figure that is drawn of values, in the order of the paper; table 3 and the panels are tables.

    Of very many tasks the first are drawn that people had; the data are of all.
    """
    shown = first_tasks(tables)
    left_out = len(tables.tasks) - len(shown)
    tables = replace(tables, tasks=shown)
    drawn = (
        _error_scores(tables),
        _annotation_time(tables),
        _worst_group(tables),
        _splits(tables),
        _saturation(tables, "concepts"),
        _saturation(tables, "best_score"),
    )
    return tuple(replace(figure, left_out=left_out) for figure in drawn)


def first_tasks(tables: StudyTables, most: int = MAX_TASKS) -> tuple[TaskFacts, ...]:
    """Return all tasks; of very many the first that people had, in their order."""
    if len(tables.tasks) <= most:
        return tables.tasks
    had = {row.task for row in (*tables.people.rows, *tables.experts.rows)}
    chosen = sorted(tables.tasks, key=lambda task: (task.position not in had, task.position))[:most]
    return tuple(sorted(chosen, key=lambda task: task.position))


def _error_scores(tables: StudyTables) -> Figure:
    def lines(_: int, of_task: list[PersonTask], of_experts: list[PersonTask]) -> Iterator[Line]:
        yield _people_line("Participants", of_task, "best_error_score")
        dots = tuple(_values(of_experts, "best_error_score"))
        yield Line("Experts", dots=dots, key="experts", series="experts")
        means, levels = (
            [value for row in of_task if (value := getattr(row, name)) is not None]
            for name in ("null_mean", "null_level")
        )
        if means:
            mean, level = fmean(means), fmean(levels)
            yield Line("Random words", (Mark("random", mean, "mean", mean, level, "level"),), key="best_error_score")

    return Figure(
        "error-scores",
        "Error scores of participants and experts",
        "Figure 3",
        "The best error score of each participant on each task (a dot), their mean with its 95% interval (whiskers), "
        "the best error scores of experts on the same class of the same base model, and what random words reach in as "
        "many tries: a broken line from their mean to the level that the best of them does not pass in 19 of 20 cases, "
        "both averaged over participants.",
        tables.people,
        LineChart("best error score", "score", (PEOPLE, EXPERTS, RANDOM), _panels(tables, lines)),
        "No phrase has a score yet.",
        (tables.experts, tables.totals),
    )


def _annotation_time(tables: StudyTables) -> Figure:
    def lines(_: int, of_task: list[PersonTask], __: list[PersonTask]) -> Iterator[Line]:
        for name, label in (("active", "Active"), ("waiting", "Waiting for scores"), ("wall", "From start to end")):
            yield _people_line(label, of_task, f"{name}_time", per=60)

    return Figure(
        "annotation-time",
        "Annotation time",
        "Figure 5a",
        "Minutes of each participant at a task (a dot), and their mean with its 95% interval (whiskers). Active: in "
        "view, not idle, online, and not waiting for a score, from what the browser reported. Waiting is apart. "
        "From start to end is by the server's clock. The data are in seconds.",
        tables.people,
        LineChart("minutes", "minutes", (PEOPLE,), _panels(tables, lines), has_log=True),
        "Nobody has ended a task yet.",
        (tables.totals,),
    )


def _worst_group(tables: StudyTables) -> Figure:
    methods = {task: tuple(rows) for task, rows in groupby(tables.methods.rows, key=lambda row: row.task)}

    def lines(task: int, of_task: list[PersonTask], _: list[PersonTask]) -> Iterator[Line]:
        beside = [
            each for each in methods.get(task, ()) if each.worst_group is not None and each.key not in _REFERENCES
        ]
        for group in dict.fromkeys((*_GROUPS, *(each.given for each in beside))):
            yield from (_method_line(each) for each in beside if each.given == group)
            if group == _OURS:
                for name, label in _CHOSEN.items():
                    yield replace(_people_line(label, of_task, name), group=group)

    def references(task: int) -> tuple[Reference, ...]:
        return tuple(
            Reference(each.key, _REFERENCES[each.key], each.worst_group)
            for each in methods.get(task, ())
            if each.key in _REFERENCES and each.worst_group is not None
        )

    return Figure(
        "worst-group",
        "Worst-group accuracy after retraining",
        "Figure 5b",
        "On test, by what a method is given (as in Table 1). Of each participant (a dot) the run of the phrase with "
        "the best error score, which was chosen on validation images alone; below it, as the paper reports it, the best of "
        "each participant's runs, which the test images have chosen; with the means' 95% intervals (whiskers). Broken "
        "lines: base model, and control, the same retraining without a phrase; what is above it is the phrases' own "
        "gain. Other methods on the same data: mean, and one standard deviation to either side (a band). DFR (ours) "
        "and Group DRO (ours): the mean and the largest loss over the true groups of train, solved as the runs are; "
        "DFR and Group DRO: as published.",
        tables.methods,
        LineChart("worst-group accuracy on test", "share", (PEOPLE, _METHODS), _panels(tables, lines, references)),
        "No run is done yet.",
        (tables.people, tables.totals),
    )


def _splits(tables: StudyTables) -> Figure:
    rows = [row for row in tables.splits.rows if row.split == "test" and row.n]
    panels = tuple(
        Panel(f"{task.title}: “{of_task[0].phrase}”", tuple(_split_line(row) for row in of_task), task.position)
        for task in tables.tasks
        if (of_task := [row for row in rows if row.task == task.position])
    )
    return Figure(
        "splits",
        "Minority and majority of the class, before and after",
        "Figures 7, 8, 9 and 11",
        "Accuracy on test images of the class above the threshold of the study's best phrase (minority) and at or "
        "below it (majority), of the base model and of its run, with Wilson's 95% intervals (whiskers); and on all "
        "images. In brackets: how many. Only "
        "validation images have chosen phrase and threshold.",
        tables.splits,
        LineChart("accuracy on test", "share", (_BEFORE, _AFTER), panels),
        tables.missing[0] if tables.missing else "No phrase has a threshold yet.",
    )


def _saturation(tables: StudyTables, measure: Literal["concepts", "best_score"]) -> Figure:
    of_measure = [row for row in tables.saturation.rows if row.measure == measure]
    panels = tuple(
        CurvePanel(task.title, tuple(row for row in of_measure if row.task == task.position), task.position)
        for task in tables.tasks
    )
    if measure == "concepts":
        return Figure(
            "new-concepts",
            "Distinct concepts over people",
            "",
            "How many distinct concepts the first so many people name, over random orders of them: the mean, and where "
            "95% of orders lie (the band). Where the curve is flat, more people bring little that is new. Phrases that "
            "say the same are one concept.",
            tables.saturation,
            CurveChart("distinct concepts", "number", panels),
            "No phrase has been submitted yet.",
        )
    return Figure(
        "best-score-over-people",
        "Best error score over people",
        "",
        "The best error score that the first so many people reach, over random orders of them: the mean, and where 95% "
        "of orders lie (the band).",
        tables.saturation,
        CurveChart("best error score", "score", panels),
        "No phrase has a score yet.",
    )


def _no_references(_: int) -> tuple[Reference, ...]:
    return ()


def _panels(
    tables: StudyTables,
    lines: Callable[[int, list[PersonTask], list[PersonTask]], Iterable[Line]],
    references: Callable[[int], tuple[Reference, ...]] = _no_references,
) -> tuple[Panel, ...]:
    """A panel a task, of those lines that have something on them. lines: of a task, its people and its experts."""

    def panel(title: str, task: int) -> Panel:
        people, experts = ([row for row in table.rows if row.task == task] for table in (tables.people, tables.experts))
        shown = tuple(line for line in lines(task, people, experts) if line.marks or line.dots)
        return Panel(title, shown, task, references(task))

    panels = (panel(task.title, task.position) for task in tables.tasks)
    return tuple(panel for panel in panels if panel.lines or panel.references)


def _people_line(label: str, rows: Iterable[PersonTask], measure: str, per: float = 1) -> Line:
    """measure: a column of summary.csv; per: how many of its units are one of the chart's."""
    dots = list(_values(rows, measure, per))
    return Line(label, _mean_mark(estimate(value for value, _ in dots)), tuple(_few(dots)), measure)


def _values(rows: Iterable[PersonTask], measure: str, per: float = 1) -> Iterator[tuple[float, str]]:
    read = VALUES[measure]
    yield from ((float(value) / per, row.participant) for row in rows if (value := read(row)) is not None)


def _few(dots: list[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """Everybody; of more than MAX_DOTS people as many quantiles, evenly spaced."""
    if len(dots) <= MAX_DOTS:
        yield from dots
        return
    ordered = sorted(value for value, _ in dots)
    for i in range(MAX_DOTS):
        share = (i + 0.5) / MAX_DOTS
        yield ordered[int(share * len(ordered))], f"{share:.1%} of {len(ordered):,} people are at or below"


def _mean_mark(of: Estimate) -> tuple[Mark, ...]:
    if of.mean is None:
        return ()
    return (Mark("people", of.mean, f"mean of {of.n}", of.low, of.high),)


def _method_line(method: Method) -> Line:
    assert method.worst_group is not None, "the caller has looked"
    value, sd = method.worst_group, method.worst_group_sd
    low, high = (None, None) if sd is None else (max(0.0, value - sd), min(1.0, value + sd))
    mark = Mark("methods", value, f"mean over {method.over}", low, high, "sd")
    return Line(method.name, (mark,), key=method.key, group=method.given)


def _split_line(row: Any) -> Line:
    names = {"minority": "Minority", "majority": "Majority", "class": "Whole class", "all": "All classes"}
    marks = [
        Mark(series, value, name, *(wilson_interval(round(value * row.n), row.n) or (None, None)))
        for series, name, value in (("before", "before", row.before), ("after", "after retraining", row.after))
        if value is not None
    ]
    return Line(f"{names[row.part]} ({row.n})", tuple(marks), key=row.part)
