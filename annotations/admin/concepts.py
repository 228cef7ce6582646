"""The concepts page: what people said, merged; who named it, what it covers, what the best explain together; a map."""

import csv
import io
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from annotations.admin.study_pages import StudyPage, page_context
from annotations.analysis.chart_values import MOST_TASKS
from annotations.analysis.concept_definitions import ConceptRow, TogetherRow
from annotations.analysis.concept_figures import map_panels, together_figure
from annotations.analysis.concept_tables import ConceptTables
from annotations.analysis.latest import latest_concepts
from annotations.analysis.rows import TaskFacts
from annotations.charts.draw import draw
from annotations.charts.map_chart import draw_map
from annotations.models import Study

MAP = "concept-map"
MOST_SHOWN = 100  # concepts of a task on the page; the file has all
MOST_PLACES = 400  # lines of the map's data on the page
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


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the concepts; with ?table= or ?figure= hand out one of them as a file."""
    tables = latest_concepts(study)
    if "table" in request.GET:
        return _csv(tables, request.GET["table"])
    if "figure" in request.GET:
        return _svg(tables, request.GET["figure"])
    figure, shown = together_figure(tables), _shown_tasks(tables)
    context = page_context(
        request,
        study,
        "Concepts",
        tables=tables,
        tasks=[_task(tables, task.position, task.title) for task in shown],
        left_out_tasks=len(tables.tasks) - len(shown),
        figure=figure,
        together=_drawn(draw(figure)) if not figure.chart.is_empty else "",
        map=_drawn(draw_map(map_panels(tables), _MAP_TITLE)) if tables.map.rows else "",
        places=tables.map.rows[:MOST_PLACES],
        n_more_places=max(0, len(tables.map.rows) - MOST_PLACES),
    )
    return render(request, "admin/annotations/study/concepts.html", context)


def _shown_tasks(tables: ConceptTables) -> list[TaskFacts]:
    """All tasks; of very many the first that have concepts."""
    had = {row.task for row in tables.concepts.rows}
    chosen = sorted(tables.tasks, key=lambda task: (task.position not in had, task.position))[:MOST_TASKS]
    return sorted(chosen, key=lambda task: task.position)


def _task(tables: ConceptTables, position: int, title: str) -> TaskConcepts:
    rows = [row for row in tables.concepts.rows if row.task == position]
    return TaskConcepts(
        title=title,
        rows=rows[:MOST_SHOWN],
        n_more=max(0, len(rows) - MOST_SHOWN),
        n_concepts=len(rows),
        has_experts=any(row.experts for row in rows),
        n_unknown_to_experts=sum(not row.experts for row in rows),
        together=[row for row in tables.together.rows if row.task == position],
    )


def _csv(tables: ConceptTables, file: str) -> HttpResponse:
    filled = next((filled for filled in tables.all if filled.table.file == file), None)
    if filled is None:
        raise Http404
    text = io.StringIO()
    csv.writer(text).writerows(filled.lines())
    return _file(text.getvalue(), "text/csv; charset=utf-8", f"{tables.slug}-{file}")


def _svg(tables: ConceptTables, key: str) -> HttpResponse:
    figure = together_figure(tables)
    if key == figure.key and not figure.chart.is_empty:
        return _file(draw(figure), "image/svg+xml", f"{tables.slug}-{key}.svg")
    if key == MAP and tables.map.rows:
        return _file(draw_map(map_panels(tables), _MAP_TITLE), "image/svg+xml", f"{tables.slug}-{key}.svg")
    raise Http404


def _drawn(image: str) -> SafeString:
    return mark_safe(image)  # noqa: S308  # every text in it is escaped


def _file(content: str, content_type: str, name: str) -> HttpResponse:
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})


PAGES = (StudyPage("concepts", "Concepts", page, group="results"),)
