"""The paper's figures as plain values: what is drawn, in which series, and how it is defined.

`worker.results.figures` draws them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import fmean, median_low
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
from annotations.analysis.statistics.estimate_types import wilson_interval
from annotations.analysis.tables.baseline_tables import Method
from annotations.analysis.tables.estimands import ESTIMANDS, Over
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.keyword_splits import KeywordSplit

MAX_DOTS = 200
PEOPLE, EXPERTS, RANDOM = (
    Series("people", "participants (dots), and their mean with 95% interval", "circle", 0),
    Series("experts", "experts: one dot each", "diamond", 1),
    Series("random", "unrelated words: mean to 95% level", "bar", 4),
)
_METHODS = Series("methods", "other methods: mean ± 1 SD", "square", 3)
_BEFORE = Series("before", "before, with 95% interval", "circle", 4)
_AFTER = Series("after", "after retraining, with 95% interval", "diamond", 0)
_REFERENCES = {"base_model": "base model", "control": "control (no words)"}
_OF_IMPORTED = {"base_model": "imported predictions", "control": "new last layer (no words)"}
_GROUPS = ("Zero-Shot", "Text Feedback", "Labels", "Labels, Text Feedback", "Labels, Group Labels")  # as in Table 1
_OURS = "Labels, Text Feedback"
_CHOSEN = {
    ("worst_group_accuracy", Over.ALLOCATED): "People’s words",
    ("worst_group_accuracy_chosen_on_test", Over.WITH_ANY_RUN): "Their best on test (optimistic)",
}
_WHOSE = {"people": "People", "clip_score": "first by CLIP score", "error_score": "first by error score"}
_GAINS = {("own_gain", Over.ALLOCATED): "Everybody", ("own_gain", Over.WITH_RUN): "Those with a retraining"}
_TIMES = {
    ("active_time", Over.COMPLETED): "Active",
    ("wall_time", Over.COMPLETED): "From start to end",
    ("active_time", Over.TIME_OVER): "Active, time ran out",
    ("wall_time", Over.TIME_OVER): "From start to end, time ran out",
}


def figures(tables: StudyTables) -> tuple[Figure, ...]:
    """Return every figure that is drawn of values, in the order of the paper; table 3 and the panels are tables.

    Of very many tasks the first are drawn that people had; the data are of all.
    """
    shown = first_tasks(tables)
    left_out = len(tables.tasks) - len(shown)
    tables = replace(tables, tasks=shown)
    drawn = (
        _of_people(tables, "own-gain", LineChart("own gain, points", "points", (PEOPLE,), ()), _GAINS, per=0.01),
        _error_scores(tables),
        _of_people(tables, "annotation-time", LineChart("minutes", "minutes", (PEOPLE,), ()), _TIMES, 60),
        _worst_group(tables),
        _splits(tables),
        _machine_splits(tables),
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


def _of_people(
    tables: StudyTables, words: str, chart: LineChart, measures: Mapping[tuple[str, Over], str], per: float
) -> Figure:
    """A row for each measure, of people and their mean. per: as in `_people_line`."""

    def lines(task: int, _: list[PersonTask], __: list[PersonTask]) -> Iterator[Line]:
        drawn = set()
        for (measure, over), label in measures.items():
            line = _people_line(tables, task, label, (measure, over), per)
            if (of := (measure, line.marks, line.dots)) not in drawn:  # one measure of the same people is drawn once
                drawn.add(of)
                yield line

    return Figure.worded(words, tables.people, replace(chart, panels=_panels(tables, lines)), also=(tables.totals,))


def _error_scores(tables: StudyTables) -> Figure:
    def lines(task: int, of_task: list[PersonTask], of_experts: list[PersonTask]) -> Iterator[Line]:
        yield _people_line(tables, task, "Participants", ("best_error_score", Over.WITH_SCORE))
        dots = [(row.best_error_score, row.participant) for row in of_experts if row.best_error_score is not None]
        yield Line(f"Experts ({len(dots)})", dots=tuple(dots), key="experts", series="experts")
        means, levels = (
            [value for row in of_task if (value := getattr(row, name)) is not None]
            for name in ("null_mean", "null_level")
        )
        if means:
            mean, level = fmean(means), fmean(levels)
            yield Line("Unrelated words", (Mark("random", mean, "mean", mean, level, "level"),), key="best_error_score")

    def common_words(task: int) -> tuple[Reference, ...]:
        levels = [row.vocabulary_level for row in tables.people.rows if row.task == task and row.vocabulary_level]
        return (Reference("vocabulary_level", "1 common word in 20 passes", median_low(levels)),) if levels else ()

    return Figure.worded(
        "error-scores",
        tables.people,
        LineChart("best error score", "score", (PEOPLE, EXPERTS, RANDOM), _panels(tables, lines, common_words)),
        also=(tables.experts, tables.totals),
    )


def _worst_group(tables: StudyTables) -> Figure:
    new_layers = {task.position for task in tables.tasks if task.is_imported}
    methods = {task: tuple(rows) for task, rows in groupby(tables.methods.rows, key=lambda row: row.task)}

    def lines(task: int, _: list[PersonTask], __: list[PersonTask]) -> Iterator[Line]:
        beside = [
            each for each in methods.get(task, ()) if each.worst_group is not None and each.key not in _REFERENCES
        ]
        for group in dict.fromkeys((*_GROUPS, *(each.given for each in beside))):
            yield from (_method_line(each) for each in beside if each.given == group)
            if group == _OURS:
                for what, label in _CHOSEN.items():
                    yield replace(_people_line(tables, task, label, what), group=group)

    def references(task: int) -> tuple[Reference, ...]:
        return tuple(
            Reference(each.key, (_OF_IMPORTED if task in new_layers else _REFERENCES)[each.key], each.worst_group)
            for each in methods.get(task, ())
            if each.key in _REFERENCES and each.worst_group is not None
        )

    return Figure.worded(
        "worst-group",
        tables.methods,
        LineChart("worst-group accuracy on test", "share", (PEOPLE, _METHODS), _panels(tables, lines, references)),
        also=(tables.people, tables.totals),
    )


def _splits(tables: StudyTables) -> Figure:
    of_test = [row for row in tables.splits.rows if row.split == "test"]
    chart = _split_chart(tables, of_test, _split_line, lambda task, row: f"{task.title}: “{row.phrase}”")
    more = {"empty": tables.missing[0]} if tables.missing else {}
    return Figure.worded("splits", tables.splits, chart, **more)


def _machine_splits(tables: StudyTables) -> Figure:
    chart = _split_chart(tables, tables.keyword_splits.rows, _machine_line, lambda task, _: task.title)
    return Figure.worded("machine-splits", tables.keyword_splits, chart, also=(tables.less_machine,))


def _split_chart(
    tables: StudyTables, rows: Sequence[Any], line: Callable[[Any], Line], title: Callable[[TaskFacts, Any], str]
) -> LineChart:
    """A panel for each task with a row of parts of a class, of those parts that have images."""
    panels = tuple(
        Panel(title(task, of_task[0]), tuple(map(line, of_task)), task.position)
        for task in tables.tasks
        if (of_task := [row for row in rows if row.task == task.position and row.n])
    )
    return LineChart("accuracy on test", "share", (_BEFORE, _AFTER), panels)


def _machine_line(row: KeywordSplit) -> Line:
    whose = _WHOSE[row.whose] if not row.list else f"{row.list}, {_WHOSE[row.whose]}"
    line = _split_line(row)
    return replace(line, key=f"{row.whose}/{row.list_digest[:8]}/{row.part}", group=f"{whose}: “{row.words}”")


def _saturation(tables: StudyTables, measure: Literal["concepts", "best_score"]) -> Figure:
    of_measure = [row for row in tables.saturation.rows if row.measure == measure]
    panels = tuple(
        CurvePanel(
            task.title,
            tuple(row for row in of_measure if row.task == task.position and not row.is_beyond),
            task.position,
        )
        for task in tables.tasks
    )
    if measure == "concepts":
        return Figure.worded("new-concepts", tables.saturation, CurveChart("distinct concepts", "number", panels))
    return Figure.worded("best-score-over-people", tables.saturation, CurveChart("best error score", "score", panels))


def _panels(
    tables: StudyTables,
    lines: Callable[[int, list[PersonTask], list[PersonTask]], Iterable[Line]],
    references: Callable[[int], tuple[Reference, ...]] = lambda _: (),
) -> tuple[Panel, ...]:
    """A panel a task, of those lines that have something on them. lines: of a task, its people and its experts."""

    def panel(title: str, task: int) -> Panel:
        people, experts = ([row for row in table.rows if row.task == task] for table in (tables.people, tables.experts))
        shown = tuple(line for line in lines(task, people, experts) if line.marks or line.dots)
        return Panel(title, shown, task, references(task))

    panels = (panel(task.title, task.position) for task in tables.tasks)
    return tuple(panel for panel in panels if panel.lines or panel.references)


def _people_line(tables: StudyTables, task: int, label: str, what: tuple[str, Over], per: float = 1) -> Line:
    """what: a measure and whom its mean is over; per: how many of its units are one of the chart's."""
    value = next(each.of for each in ESTIMANDS if (each.measure, each.over) == what)
    rows = ((value(row), row.participant) for row in tables.people.rows if row.task == task)
    dots = [(found / per, who) for found, who in rows if found is not None]
    marks = tuple(_mean_marks(tables, task, what, per))
    if any(_is_gap(mark, dots) for mark in marks):
        label = f"{label}, nobody near the mean"
    return Line(label, marks, tuple(_few(dots)), "/".join(what))


def _is_gap(mean: Mark, dots: Iterable[tuple[float, str]]) -> bool:
    """Whether nobody is within the interval of a mean, as between two kinds of people."""
    low, high = mean.low, mean.high
    return low is not None and high is not None and not any(low <= value <= high for value, _ in dots)


def _mean_marks(tables: StudyTables, task: int, what: tuple[str, Over], per: float) -> Iterator[Mark]:
    for total in tables.totals.rows:
        of = total.estimate
        if (total.task, total.measure, total.over) == (task, *what) and of.mean is not None:
            low, high = (None if end is None else end / per for end in (of.low, of.high))
            yield Mark("people", of.mean / per, f"mean of {of.n}", low, high)


def _few(dots: list[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """Everybody; of more than MAX_DOTS people as many quantiles, evenly spaced."""
    if len(dots) <= MAX_DOTS:
        yield from dots
        return
    ordered = sorted(value for value, _ in dots)
    for i in range(MAX_DOTS):
        share = (i + 0.5) / MAX_DOTS
        yield ordered[int(share * len(ordered))], f"{share:.1%} of {len(ordered):,} people are at or below"


def _method_line(method: Method) -> Line:
    assert method.worst_group is not None, "the caller has looked"
    value, sd = method.worst_group, method.worst_group_sd
    low, high = (None, None) if sd is None else (max(0.0, value - sd), min(1.0, value + sd))
    mark = Mark("methods", value, f"mean over {method.over}", low, high, "sd")
    return Line(method.name, (mark,), key=method.key, group=method.given)


def _split_line(row: Any) -> Line:
    names = {"minority": "Like the phrase", "majority": "Unlike it", "class": "Whole class", "all": "All classes"}
    marks = [
        Mark(series, value, name, *(wilson_interval(round(value * row.n), row.n) or (None, None)))
        for series, name, value in (("before", "before", row.before), ("after", "after retraining", row.after))
        if value is not None
    ]
    return Line(f"{names[row.part]} ({row.n})", tuple(marks), key=row.part)
