"""A study's overview: where it stands, what comes next, who is where, what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from annotations.admin.common.study_pages import crowd_came, is_for_crowd, page_context
from annotations.admin.results.flow_words import flow_steps
from annotations.admin.results.results_words import task_words
from annotations.analysis.figures.study_figures import first_tasks
from annotations.analysis.observations.study_rows import people_kind
from annotations.analysis.results.latest_results import latest
from annotations.analysis.tables.flow_table import course_lines
from annotations.models import OPEN_STATES, Study, StudyState
from annotations.readings.monitoring import study_progress
from annotations.readings.monitoring.person_courses import courses
from annotations.readings.payments.costs import totals
from annotations.readings.prolific import status_comparison
from annotations.services.staff import roles
from annotations.services.studies import lifecycle

MAX_TASKS = 5  # whose images the overview names


@dataclass(frozen=True)
class Step:
    """One act on a study: from which states, by which service, and how it is offered and confirmed.

    `there` is what can be done on Prolific with it, and `by_hand` what to do there where this site cannot.
    """

    name: str
    states: tuple[StudyState, ...]
    act: Callable[..., Study]
    button: str
    consequence: str
    done: str
    there: str = ""
    by_hand: str = ""


STEPS = {
    step.name: step
    for step in (
        Step(
            "open",
            (StudyState.DRAFT,),
            lifecycle.open_study,
            "Open the study",
            "Participants can enter by the link. Texts, tasks, conditions and limits freeze and cannot be changed "
            "afterwards.",
            "The study is open. Its configuration is frozen.",
        ),
        Step(
            "pause",
            (StudyState.ACTIVE,),
            lifecycle.pause_study,
            "Pause",
            "Nobody new can enter. Those who are inside can finish. You can resume at any time.",
            "The study is paused.",
            "Pause it on Prolific too",
            "Pause it on Prolific first: it goes on sending people.",
        ),
        Step(
            "resume",
            (StudyState.PAUSED,),
            lifecycle.resume_study,
            "Resume",
            "Participants can enter again, under the same configuration.",
            "The study is open again.",
            "Start it on Prolific again too",
            "Start it on Prolific again afterwards, where you paused it.",
        ),
        Step(
            "close",
            OPEN_STATES,
            lifecycle.close_study,
            "Close for good",
            "Every task that is still running ends now, and nobody can enter again. All that was submitted is kept. "
            "This cannot be undone.",
            "The study is closed. All that was submitted is kept.",
            "Stop it on Prolific too, for good",
            "Pause it on Prolific first: it goes on sending people.",
        ),
    )
}


def steps_from(study: Study) -> list[Step]:
    """Return the acts that the study's state allows, the next one first."""
    return [step for step in STEPS.values() if study.state in step.states]


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the overview, at which a study's page opens."""
    context = page_context(request, study, "Overview", **overview(study))
    context["may_act"] = roles.may(request.user, "coordinate", study)
    return render(request, "admin/annotations/study/overview.html", context)


def overview(study: Study) -> dict[str, Any]:
    """Return what the overview shows."""
    tasks = list(study.tasks.with_base_models())
    crowd = is_for_crowd(study)
    return {
        "is_overview": True,
        "is_for_experts": not crowd,
        "configuration": study.configurations.order_by("version").last(),
        "alarms": list(study.alarms.filter(cleared_at__isnull=True)),
        "entry_url": lifecycle.entry_url(study),
        "there": status_comparison.standing(study),
        "asked_there": status_comparison.newest_request(study),
        "now": study_progress.people_now(study),
        "work": study_progress.work(study),
        "tasks": tasks[:MAX_TASKS],
        "n_more_tasks": max(0, len(tasks) - MAX_TASKS),
        "totals": totals(study) if crowd_came(study) else None,
        **_results(study),
        "recent": study_progress.newest_phrases(study),
    }


def _results(study: Study) -> dict[str, Any]:
    if study.state == StudyState.DRAFT:
        return {"flow": [], "findings": []}  # of previews and rehearsals nothing counts
    results = latest(study).results
    if results is None:
        return {"flow": flow_steps(course_lines(courses(study, people_kind(study)))), "findings": []}
    tables = results.tables
    words = [task_words(tables, task, results.concepts) for task in first_tasks(tables)]
    return {"flow": flow_steps(tables.flow.rows), "findings": words}
