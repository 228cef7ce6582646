"""The concepts page: what people said, merged; who named it, what it covers, what the best explain together; a map."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse

from annotations.admin.common.study_pages import CSV, StudyPage, file_answer, has_begun, show_page
from annotations.admin.results.results_page import POLL_SOON_S
from annotations.admin.results.unnamed_pictures import Unnamed, shown_unnamed
from annotations.admin.shown_figures import ShownFigure, figure_answer, shown_figure
from annotations.analysis.concepts.concept_columns import ConceptRow, ConceptTables, TogetherRow
from annotations.analysis.concepts.concept_figures import of_tasks, task_figures
from annotations.analysis.figures.drawn_figures import StoredFigures
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.pools.gathering_tables import SliceCheck, slice_checks
from annotations.analysis.results.latest_results import latest
from annotations.models import Study
from annotations.services.staff import roles
from annotations.tables.columns import csv_text

TASKS_AT_ONCE = 10  # on a page
MAX_SHOWN = 100  # concepts of a task on the page; the file has all


@dataclass(frozen=True)
class TaskConcepts:
    """One task as the page shows it.

    has_experts: whether any expert said something of its class. n_none: phrases on the map that are no concept.
    """

    position: int
    title: str
    reference_name: str
    rows: list[ConceptRow]
    checks: list[SliceCheck]
    n_more: int
    n_concepts: int
    has_experts: bool
    n_unknown_to_experts: int
    n_none: int
    together: list[TogetherRow]
    unnamed: Unnamed | None
    figures: list[ShownFigure]

    @property
    def last(self) -> TogetherRow | None:
        return self.together[-1] if self.together else None


@dataclass(frozen=True)
class _Shown:
    """The tasks of one page. n_without: tasks of the study of which nobody said anything, where these are left out."""

    pages: Page[int]
    n_without: int


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the concepts of some tasks; with ?table= those of all as a file, with ?figure= a figure."""
    found = latest(study)
    if found.results is None:
        return show_page(request, study, "concepts", "Concepts", latest=found, poll_s=POLL_SOON_S)
    every = found.results.concepts
    if "table" in request.GET:
        return _csv(study, every, request.GET["table"])
    if "figure" in request.GET:
        return figure_answer(request, found.figures, study.slug)
    search = request.GET.get("q", "").strip()
    shown = _shown(every, search, request.GET.get("page"))
    tables = of_tasks(every, set(shown.pages.object_list))
    checks = slice_checks(study)
    owner = f"user:{request.user.pk}"
    return show_page(
        request,
        study,
        "concepts",
        "Concepts",
        tables=tables,
        tasks=[_task(tables, task, found.figures, owner, checks) for task in tables.tasks],
        shown=shown.pages,
        search=search,
        has_many=len(every.tasks) > TASKS_AT_ONCE,
        latest=found,
        poll_s=0,
        n_without=shown.n_without,
        may_gather=roles.may(request.user, "coordinate", study),
        may_study_unnamed=roles.may_set_up(request.user)
        and roles.may(request.user, "coordinate", study)
        and any(row.n for row in every.unnamed.rows),
    )


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


def _task(
    tables: ConceptTables, facts: TaskFacts, drawn: StoredFigures, owner: str, checks: list[SliceCheck]
) -> TaskConcepts:
    position = facts.position
    of_task = of_tasks(tables, {position})
    rows = list(of_task.concepts.rows)
    return TaskConcepts(
        position=position,
        title=facts.title,
        reference_name=facts.reference_name,
        rows=rows[:MAX_SHOWN],
        checks=[each for each in checks if each.task == position],
        n_more=max(0, len(rows) - MAX_SHOWN),
        n_concepts=len(rows),
        has_experts=any(row.experts for row in rows),
        n_unknown_to_experts=sum(not row.experts for row in rows),
        n_none=sum(not row.number for row in of_task.map.rows),
        together=list(of_task.together.rows),
        unnamed=shown_unnamed(of_task.unnamed.rows, owner),
        figures=[shown_figure(figure, drawn) for figure in task_figures(of_task, position)] if of_task.map.rows else [],
    )


def _csv(study: Study, tables: ConceptTables, name: str) -> HttpResponse:
    filled = next((filled for filled in tables.all if filled.table.file == name), None)
    if filled is None:
        raise Http404
    text = csv_text(filled.table.header, map(filled.table.cells, filled.rows))
    return file_answer(text, CSV, f"{study.slug}-{name}")


PAGES = (StudyPage("concepts", "Concepts", page, place="findings", applies_to=has_begun),)
