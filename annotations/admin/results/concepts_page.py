"""The concepts page: what people said, merged; who named it, what it covers, what the best explain together; a map."""

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from annotations.admin.common.file_responses import CSV, SVG, file_answer
from annotations.admin.common.study_pages import StudyPage, page_context
from annotations.admin.results.results_page import POLL_SOON_S
from annotations.analysis.concepts.concept_columns import ConceptRow, ConceptTables, TogetherRow
from annotations.analysis.concepts.concept_figures import map_panels, together_figure
from annotations.analysis.results.latest_results import latest
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.charts.draw import draw
from annotations.charts.map_chart import draw_map
from annotations.models import Study
from annotations.tables.columns import csv_text

TASKS_AT_ONCE = 10  # on a page
MAP = "concept-map"
MAX_SHOWN = 100  # concepts of a task on the page; the file has all
MAX_PLACES = 400  # lines of the map's data on the page
_MAP_TITLE = "Map of phrases"


@dataclass(frozen=True)
class TaskConcepts:
    """One task as the page shows it.

    has_experts: whether any expert said something of its class. n_none: phrases on the map that are no concept.
    """

    title: str
    rows: list[ConceptRow]
    n_more: int
    n_concepts: int
    has_experts: bool
    n_unknown_to_experts: int
    n_none: int
    together: list[TogetherRow]

    @property
    def last(self) -> TogetherRow | None:
        return self.together[-1] if self.together else None


@dataclass(frozen=True)
class _Shown:
    """The tasks of one page. n_without: tasks of the study of which nobody said anything, where these are left out."""

    pages: Page[int]
    n_without: int


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the concepts of some tasks; with ?table= those of all as a file, with ?figure= the figure of these tasks."""
    found = latest(study)
    if found.results is None:
        context = page_context(request, study, "Concepts", latest=found, poll_s=POLL_SOON_S)
        return render(request, "admin/annotations/study/concepts.html", context)
    every = found.results.concepts
    if "table" in request.GET:
        return _csv(study, every, request.GET["table"])
    search = request.GET.get("q", "").strip()
    shown = _shown(every, search, request.GET.get("page"))
    tables = _of_tasks(every, set(shown.pages.object_list))
    if "figure" in request.GET:
        return _svg(tables, request.GET["figure"])
    figure = together_figure(tables)
    context = page_context(
        request,
        study,
        "Concepts",
        tables=tables,
        tasks=[_task(tables, task.position, task.title) for task in tables.tasks],
        shown=shown.pages,
        search=search,
        has_many=len(every.tasks) > TASKS_AT_ONCE,
        latest=found,
        poll_s=0,
        n_without=shown.n_without,
        figure=figure,
        together=_drawn(draw(figure)) if not figure.chart.is_empty else "",
        map=_drawn(draw_map(map_panels(tables), _MAP_TITLE)) if tables.map.rows else "",
        places=tables.map.rows[:MAX_PLACES],
        n_more_places=max(0, len(tables.map.rows) - MAX_PLACES),
    )
    return render(request, "admin/annotations/study/concepts.html", context)


def _shown(tables: ConceptTables, search: str, number: str | None) -> _Shown:
    """All tasks; where they are more than TASKS_AT_ONCE a page of those of which somebody said something."""
    tasks, n_without = tables.tasks, 0
    if len(tasks) > TASKS_AT_ONCE:
        said = {row.task for row in tables.concepts.rows}
        n_without = len(tasks) - len(said)
        tasks = tuple(task for task in tasks if task.position in said)
    if search:
        tasks = tuple(task for task in tasks if search.casefold() in task.class_name.casefold())
    return _Shown(Paginator([task.position for task in tasks], TASKS_AT_ONCE).get_page(number), n_without)


def _of_tasks(tables: ConceptTables, positions: Set[int]) -> ConceptTables:
    def of(filled: FilledTable[Any]) -> FilledTable[Any]:
        return FilledTable(filled.table, tuple(row for row in filled.rows if row.task in positions))

    return replace(
        tables,
        tasks=tuple(task for task in tables.tasks if task.position in positions),
        concepts=of(tables.concepts),
        together=of(tables.together),
        map=of(tables.map),
    )


def _task(tables: ConceptTables, position: int, title: str) -> TaskConcepts:
    rows = [row for row in tables.concepts.rows if row.task == position]
    return TaskConcepts(
        title=title,
        rows=rows[:MAX_SHOWN],
        n_more=max(0, len(rows) - MAX_SHOWN),
        n_concepts=len(rows),
        has_experts=any(row.experts for row in rows),
        n_unknown_to_experts=sum(not row.experts for row in rows),
        n_none=sum(row.task == position and not row.number for row in tables.map.rows),
        together=[row for row in tables.together.rows if row.task == position],
    )


def _csv(study: Study, tables: ConceptTables, name: str) -> HttpResponse:
    filled = next((filled for filled in tables.all if filled.table.file == name), None)
    if filled is None:
        raise Http404
    text = csv_text(filled.table.header, map(filled.table.cells, filled.rows))
    return file_answer(text, CSV, f"{study.slug}-{name}")


def _svg(tables: ConceptTables, key: str) -> HttpResponse:
    figure = together_figure(tables)
    if key == figure.key and not figure.chart.is_empty:
        image = draw(figure)
    elif key == MAP and tables.map.rows:
        image = draw_map(map_panels(tables), _MAP_TITLE)
    else:
        raise Http404
    return file_answer(image, SVG, f"{tables.slug}-{key}.svg")


def _drawn(image: str) -> SafeString:
    return mark_safe(image)  # noqa: S308  # every text in it is escaped


PAGES = (StudyPage("concepts", "Concepts", page, group="results"),)
