"""The figures of the concepts page as plain values: what the best explain together, and the map."""

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from itertools import groupby, islice
from typing import Any

from annotations.analysis.concepts.concept_columns import ConceptTables, Place, TogetherRow
from annotations.analysis.figures.chart_values import MAX_TASKS, Figure, Line, LineChart, Mark, Panel, Series
from annotations.analysis.tables.filled_tables import FilledTable

MAX_COLOURED = 4  # concepts of a map with a shape and a colour of their own
_REPORTED = Series("held_out", "other images", "circle", 0)
_LEARNED = Series("learned", "images that chose", "diamond", 1)
_RANDOM = Series("random", "random directions: mean to 95% level", "square", 3)
_SHUFFLED = Series("shuffled", "errors shuffled: mean to 95% level", "bar", 4)


@dataclass(frozen=True)
class MapPanel:
    """The phrases of one task. names: of its first concepts, which have a shape and a colour of their own."""

    title: str
    places: tuple[Place, ...]
    names: tuple[str, ...]


def of_tasks(tables: ConceptTables, positions: Set[int]) -> ConceptTables:
    """Return the tables of some tasks alone."""
    kept: dict[str, Any] = {
        name: FilledTable(filled.table, tuple(row for row in filled.rows if row.task in positions))
        for name, filled in vars(tables).items()
        if isinstance(filled, FilledTable)
    }
    return replace(tables, tasks=tuple(task for task in tables.tasks if task.position in positions), **kept)


def figures_of_tasks(tables: ConceptTables) -> Iterator[Figure]:
    """Yield the two figures of each task that has phrases with a score, of the first MAX_TASKS of them."""
    mapped = dict.fromkeys(row.task for row in tables.map.rows)
    for position in islice(mapped, MAX_TASKS):
        yield from task_figures(of_tasks(tables, {position}), position)


def task_figures(of_task: ConceptTables, position: int) -> Iterator[Figure]:
    """Yield what the concepts of one task explain together, and their map."""
    for figure in (together_figure(of_task), map_figure(of_task)):
        yield replace(figure, key=f"{figure.key}-{position}")


def together_figure(tables: ConceptTables) -> Figure:
    """Return the error score of the union of 1, 2, … concepts, beside chance."""
    panels = [Panel(title, tuple(_lines(rows)), task) for task, title, rows in _by_task(tables, tables.together)]
    series = (_REPORTED, _LEARNED, _RANDOM, _SHUFFLED)
    chart = LineChart("error score of the union", "score", series, tuple(panels[:MAX_TASKS]))
    return Figure.worded("concepts-together", tables.together, chart, left_out=max(0, len(panels) - MAX_TASKS))


@dataclass(frozen=True)
class PhraseMap:
    """The maps of tasks, one below the other."""

    panels: tuple[MapPanel, ...]

    @property
    def is_empty(self) -> bool:
        return not self.panels


def map_figure(tables: ConceptTables) -> Figure:
    """Return the map of the phrases of the first tasks."""
    concepts = {task: rows[:MAX_COLOURED] for task, _, rows in _by_task(tables, tables.concepts)}
    panels = [
        MapPanel(title, tuple(rows), tuple(row.name for row in concepts.get(task, ())))
        for task, title, rows in _by_task(tables, tables.map)
    ]
    chart = PhraseMap(tuple(panels[:MAX_TASKS]))
    return Figure.worded("concept-map", tables.map, chart, left_out=max(0, len(panels) - MAX_TASKS))


def _by_task(tables: ConceptTables, filled: FilledTable[Any]) -> Iterator[tuple[int, str, list[Any]]]:
    """Yield each task of a table, its title, and its rows, which stand in the order of tasks."""
    titles = {task.position: task.title for task in tables.tasks}
    for task, rows in groupby(filled.rows, lambda row: int(row.task)):
        yield task, titles[task], list(rows)


def _lines(rows: list[TogetherRow]) -> Iterator[Line]:
    for row in rows:
        words = row.phrase if row.phrase == row.name else f"{row.phrase} ({row.name})"
        label = words if row.concepts == 1 else f"+ {words}"
        chosen = Mark("learned", row.learned, "on the images that chose")
        reported = Mark("held_out", row.held_out, f"{row.concepts} together, on the others")
        yield Line(label, (chosen, reported), key=str(row.concepts))
    last = rows[-1]
    for key, label, mean, level in (
        ("random", "Random directions", last.random, last.random_level),
        ("shuffled", "Errors shuffled", last.shuffled, last.shuffled_level),
    ):
        yield Line(label, (Mark(key, mean, "mean of as many", mean, level, "level"),), key=str(last.concepts))
