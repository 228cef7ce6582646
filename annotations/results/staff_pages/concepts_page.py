"""The concepts page: what people said, merged; who named it, what it covers, what the best explain together; a map."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.concepts.concept_figures import of_tasks, task_figures
from annotations.analysis.figures.drawn_figures import StoredFigures
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.models import Study
from annotations.pages.page_acts import Act, Answer
from annotations.pages.shown_figures import figure_answer, shown_figure, table_answer
from annotations.pools.gathering_tables import SliceCheck, slice_checks
from annotations.results.latest_results import latest
from annotations.results.staff_pages.results_page import POLL_SOON_S
from annotations.results.staff_pages.unnamed_pictures import make_study, shown_unnamed
from clarify_errors.arrays.retraining.own_gain_intervals import WHY

TASKS_AT_ONCE = 10  # on a page
MAX_SHOWN = 100  # concepts of a task on the page; the file has all


def page(request: HttpRequest, study: Study) -> Answer:
    """Show the concepts of some tasks; with ?table= those of all as a file, with ?figure= a figure."""
    found = latest(study)
    if found.results is None:
        return {"latest": found, "poll_s": POLL_SOON_S}
    every = found.results.concepts
    if "table" in request.GET:
        return table_answer(request, every.all, study.slug)
    if "figure" in request.GET:
        return figure_answer(request, found.figures, study.slug)
    search = request.GET.get("q", "").strip()
    shown, n_without = _shown(every, search, request.GET.get("page"))
    tables = of_tasks(every, set(shown.object_list))
    checks = slice_checks(study)
    owner = f"user:{request.user.pk}"
    return {
        "tables": tables,
        "tasks": [_task(tables, task, found.figures, owner, checks) for task in tables.tasks],
        "shown": shown,
        "search": search,
        "has_many": len(every.tasks) > TASKS_AT_ONCE,
        "latest": found,
        "poll_s": 0,
        "n_without": n_without,
        "why_intervals": WHY,
        "has_unnamed": any(row.n for row in every.unnamed.rows),
    }


def _shown(tables: ConceptTables, search: str, number: str | None) -> tuple[Page[int], int]:
    """All tasks; where they are more than TASKS_AT_ONCE a page of those of which somebody said something.

    With it how many are left out, since nobody said anything of them.
    """
    tasks, n_without = tables.tasks, 0
    if len(tasks) > TASKS_AT_ONCE:
        said = {row.task for row in tables.concepts.rows}
        n_without = len(tasks) - len(said)
        tasks = tuple(task for task in tasks if task.position in said)
    if search:
        tasks = tuple(task for task in tasks if search.casefold() in task.class_name.casefold())
    return Paginator([task.position for task in tasks], TASKS_AT_ONCE).get_page(number), n_without


def _task(
    tables: ConceptTables, facts: TaskFacts, drawn: StoredFigures, owner: str, checks: list[SliceCheck]
) -> dict[str, Any]:
    """One task as the page shows it.

    has_experts: whether any expert said something of its class. n_none: phrases on the map that are no concept.
    """
    position = facts.position
    of_task = of_tasks(tables, {position})
    rows = list(of_task.concepts.rows)
    together = list(of_task.together.rows)
    return {
        "facts": facts,
        "rows": rows[:MAX_SHOWN],
        "checks": [each for each in checks if each.task == position],
        "n_more": max(0, len(rows) - MAX_SHOWN),
        "n_concepts": len(rows),
        "has_experts": any(row.experts for row in rows),
        "n_unknown_to_experts": sum(not row.experts for row in rows),
        "n_none": sum(not row.number for row in of_task.map.rows),
        "last": together[-1] if together else None,
        "unnamed": shown_unnamed(of_task.unnamed.rows, owner),
        "figures": [shown_figure(each, drawn) for each in task_figures(of_task, position)] if of_task.map.rows else [],
    }


ACTS: dict[str, Act] = {"": make_study}
