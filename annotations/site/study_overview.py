"""A study's overview: where it stands, what comes next, who is where, what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from annotations.analysis.tables.flow_table import course_lines
from annotations.base.word_files import read_words
from annotations.models import OPEN_STATES, Study, StudyState
from annotations.monitoring.person_courses import courses, people_kind
from annotations.monitoring.study_people import people_of
from annotations.pages.study_pages import crowd_came, show_page
from annotations.payments.costs import totals
from annotations.phrases import listed_phrases
from annotations.prolific import status_comparison
from annotations.results.latest_results import latest
from annotations.results.staff_pages.flow_words import flow_steps
from annotations.results.staff_pages.results_words import words_of_tasks
from annotations.studies import lifecycle, study_progress
from annotations.studies.preflight.duration import longest_minutes
from annotations.studies.preflight.pay_checks import hourly_cents

MAX_TASKS = 5  # whose images the overview names


@dataclass(frozen=True)
class Step:
    """One act on a study: from which states, by which service, and its words in study_steps.toml."""

    name: str
    states: tuple[StudyState, ...]
    act: Callable[..., Study]
    button: str
    consequence: str
    done: str
    there: str = ""
    by_hand: str = ""


_WORDS = read_words(__package__, "study_steps")
STEPS = {
    "open": Step("open", (StudyState.DRAFT,), lifecycle.open_study, **_WORDS["open"]),
    "pause": Step("pause", (StudyState.ACTIVE,), lifecycle.pause_study, **_WORDS["pause"]),
    "resume": Step("resume", (StudyState.PAUSED,), lifecycle.resume_study, **_WORDS["resume"]),
    "close": Step("close", OPEN_STATES, lifecycle.close_study, **_WORDS["close"]),
}


def steps_from(study: Study) -> list[Step]:
    """Return the acts that the study's state allows, the next one first."""
    return [step for step in STEPS.values() if study.state in step.states]


def page(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the overview, at which a study's page opens."""
    return show_page(request, study, "overview", "Overview", **overview(study))


def overview(study: Study) -> dict[str, Any]:
    """Return what the overview shows."""
    return {
        "is_overview": True,
        "configuration": study.configurations.order_by("version").last(),
        "alarms": list(study.alarms.filter(cleared_at__isnull=True)),
        "entry_url": lifecycle.entry_url(study),
        "there": status_comparison.standing(study),
        "asked_there": status_comparison.newest_request(study),
        "now": people_of(study, timezone.now()),
        "work": study_progress.work(study),
        **facts(study),
        "totals": totals(study) if crowd_came(study) else None,
        **_results(study),
        "recent": listed_phrases.newest_phrases(study),
    }


def facts(study: Study) -> dict[str, Any]:
    """Return what is shown of the set-up in a table; opening it repeats that."""
    tasks = list(study.tasks.with_base_models())
    longest = longest_minutes(study) if tasks else None
    return {
        "tasks": tasks[:MAX_TASKS],
        "n_more_tasks": max(0, len(tasks) - MAX_TASKS),
        "total_cents": (study.quota or 0) * (study.reward_cents or 0),
        "visit_minutes": longest,
        "hourly_cents": hourly_cents(study, longest) if longest else None,
    }


def _results(study: Study) -> dict[str, Any]:
    if study.state == StudyState.DRAFT:
        return {"flow": [], "findings": []}  # of previews and rehearsals nothing counts
    found = latest(study)
    findings = words_of_tasks(found.results.tables, found.results.concepts) if found.results else []
    flow = flow_steps(course_lines(courses(study, people_kind(study))))  # as of now, as all counts of the page
    return {"flow": flow, "findings": findings, "latest": found}
