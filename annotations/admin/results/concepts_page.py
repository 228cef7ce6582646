"""The concepts page: what people said, merged; who named it, what it covers, what the best explain together; a map."""

import csv
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.core.paginator import Page, Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from annotations.admin.common.file_responses import CSV, SVG, file_answer
from annotations.admin.common.study_pages import StudyPage, page_context
from annotations.analysis.analysis_cache import latest_concepts
from annotations.analysis.concepts.concept_columns import CONCEPTS, TOGETHER, ConceptRow, TogetherRow
from annotations.analysis.concepts.concept_columns import MAP as PLACES
from annotations.analysis.concepts.concept_figures import map_panels, together_figure
from annotations.analysis.concepts.concept_tables import ConceptTables, concept_tables
from annotations.analysis.observations.study_rows import positions_with_scores
from annotations.charts.draw import draw
from annotations.charts.map_chart import draw_map
from annotations.exports.releases.snapshot import snapshot
from annotations.models import Study
from annotations.tables.columns import Table

TABLES: tuple[Table[Any], ...] = (CONCEPTS, TOGETHER, PLACES)
TASKS_AT_ONCE = 10  # on a page: of a class with many phrases it takes 40 ms to say what they explain together
MAX_IN_MEMORY = 2**20  # bytes of a file; a larger one is on disk until it is sent
MAP = "concept-map"
MAX_SHOWN = 100  # concepts of a task on the page; the file has all
MAX_PLACES = 400  # lines of the map's data on the page
_MAP_TITLE = "Map of phrases"


@dataclass(frozen=True)
class TaskConcepts:
    """One task as the page shows it. has_experts: whether any expert said something of its class."""

    title: str
    rows: list[ConceptRow]
    n_more: int
    n_concepts: int
    has_experts: bool
    n_unknown_to_experts: int
    together: list[TogetherRow]

    @property
    def last(self) -> TogetherRow | None:
        return self.together[-1] if self.together else None


@dataclass(frozen=True)
class _Shown:
    """The tasks of one page. n_without: tasks of the study of which nobody said anything, where these are left out."""

    pages: Page[int]
    n_without: int

    @property
    def positions(self) -> tuple[int, ...]:
        return tuple(self.pages.object_list)


def page(request: HttpRequest, study: Study) -> HttpResponseBase:
    """Show the concepts of some tasks; with ?table= hand out those of all as a file, with ?figure= these tasks' figure.

    Only the tasks that are shown are analysed: what the best concepts of a thousand explain together takes a while.
    """
    if "table" in request.GET:
        return _csv(study, request.GET["table"])
    search = request.GET.get("q", "").strip()
    shown = _shown(study, search, request.GET.get("page"))
    tables = latest_concepts(study, shown.positions)
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
        has_many=study.tasks.count() > TASKS_AT_ONCE,
        n_without=shown.n_without,
        figure=figure,
        together=_drawn(draw(figure)) if not figure.chart.is_empty else "",
        map=_drawn(draw_map(map_panels(tables), _MAP_TITLE)) if tables.map.rows else "",
        places=tables.map.rows[:MAX_PLACES],
        n_more_places=max(0, len(tables.map.rows) - MAX_PLACES),
    )
    return render(request, "admin/annotations/study/concepts.html", context)


def _shown(study: Study, search: str, number: str | None) -> _Shown:
    """All tasks; where they are more than TASKS_AT_ONCE a page of those of which somebody said something."""
    positions = list(study.tasks.order_by("position").values_list("position", flat=True))
    n_without = 0
    if len(positions) > TASKS_AT_ONCE:
        said = positions_with_scores(study)
        n_without = len(positions) - len(said)
        positions = [position for position in positions if position in said]
    if search:
        named = study.tasks.with_base_models()
        found = {task.position for task in named if search.casefold() in task.class_name.casefold()}
        positions = [position for position in positions if position in found]
    return _Shown(Paginator(positions, TASKS_AT_ONCE).get_page(number), n_without)


def _task(tables: ConceptTables, position: int, title: str) -> TaskConcepts:
    rows = [row for row in tables.concepts.rows if row.task == position]
    return TaskConcepts(
        title=title,
        rows=rows[:MAX_SHOWN],
        n_more=max(0, len(rows) - MAX_SHOWN),
        n_concepts=len(rows),
        has_experts=any(row.experts for row in rows),
        n_unknown_to_experts=sum(not row.experts for row in rows),
        together=[row for row in tables.together.rows if row.task == position],
    )


def _csv(study: Study, name: str) -> FileResponse:
    """One table of all tasks as they are at one moment, written whole before the first byte leaves."""
    table = next((table for table in TABLES if table.file == name), None)
    if table is None:
        raise Http404
    file: IO[bytes] = tempfile.SpooledTemporaryFile(MAX_IN_MEMORY)  # noqa: SIM115  # the response closes it
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    with snapshot():
        csv.writer(text).writerows(table.lines(_rows(study, table)))
    text.detach()  # or closing it would close the file
    file.seek(0)
    offered = f"{study.slug}-{table.file}"
    return FileResponse(file, as_attachment=True, filename=offered, content_type=CSV)


def _rows(study: Study, table: Table[Any]) -> Iterator[Any]:
    """The rows of all tasks, some tasks at a time, so that few are in memory; what the page keeps stays kept."""
    positions = list(study.tasks.order_by("position").values_list("position", flat=True))
    for start in range(0, len(positions), TASKS_AT_ONCE):
        tables = concept_tables(study, positions[start : start + TASKS_AT_ONCE])
        yield from next(filled.rows for filled in tables.all if filled.table is table)


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
