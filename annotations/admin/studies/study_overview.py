"""What the study's page shows above its form: where it stands, what comes next, who is where, what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from annotations.admin.common.number_formats import percent, points, score
from annotations.admin.results.flow_words import flow_steps
from annotations.admin.results.results_words import passed_sentence
from annotations.analysis.observations.study_rows import people_kind
from annotations.analysis.results.latest_results import latest
from annotations.analysis.statistics.estimate_types import Spread
from annotations.analysis.tables.flow_table import course_lines
from annotations.exports.tables.summary import TaskSummary, summary_of
from annotations.models import OPEN_STATES, Audience, Study, StudyState
from annotations.readings.monitoring import study_progress
from annotations.readings.monitoring.person_courses import courses
from annotations.readings.prolific import status_comparison
from annotations.readings.studies.preflight.preflight_report import blocking
from annotations.services.studies import lifecycle


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

_NEXT = {
    StudyState.DRAFT: "Set it up below, rehearse it, then open it.",
    StudyState.ACTIVE: "Put the link below into your Prolific study, and watch people come in.",
    StudyState.PAUSED: "Nobody new can enter. Resume it, or close it for good.",
    StudyState.CLOSED: "The study has ended. Pay whoever still waits, and export what came of it.",
}


_NEXT_FOR_EXPERTS = {
    StudyState.DRAFT: "Set it up below, add the classes, then open it.",
    StudyState.ACTIVE: "Everybody with a role in it can annotate.",
    StudyState.PAUSED: "No new expert can begin. Resume it, or close it for good.",
    StudyState.CLOSED: _NEXT[StudyState.CLOSED],
}


@dataclass(frozen=True)
class ResultRow:
    """One task's results in words and numbers ready to show."""

    task: str
    base: str
    n: int
    error_score: str
    headline: str
    own_gain: str
    n_gains: int
    control: str
    control_name: str
    sd: str
    best: str
    optimistic: str
    passed: str


def steps_from(study: Study) -> list[Step]:
    """Return the acts that the study's state allows, the next one first."""
    return [step for step in STEPS.values() if study.state in step.states]


def overview(study: Study) -> dict[str, Any]:
    """Return the context of the study's page."""
    is_for_experts = study.audience == Audience.EXPERTS
    return {
        "study": study,
        "steps": steps_from(study),
        "is_for_experts": is_for_experts,
        "next": (_NEXT_FOR_EXPERTS if is_for_experts else _NEXT)[StudyState(study.state)],
        "reasons": blocking(study) if study.state == StudyState.DRAFT else [],
        "configuration": study.configurations.order_by("version").last(),
        "alarms": list(study.alarms.filter(cleared_at__isnull=True)),
        "entry_url": lifecycle.entry_url(study),
        "there": status_comparison.standing(study),
        "asked_there": status_comparison.newest_request(study),
        "now": study_progress.people_now(study),
        "work": study_progress.work(study),
        **_results(study),
        "recent": study_progress.newest_phrases(study),
    }


def _results(study: Study) -> dict[str, Any]:
    if study.state == StudyState.DRAFT:
        return {"flow": [], "results": []}  # of previews and rehearsals nothing counts
    results = latest(study).results
    if results is None:
        return {"flow": flow_steps(course_lines(courses(study, people_kind(study)))), "results": []}
    summary = summary_of(study, results.tables.people.rows)
    rows = [_result_row(task) for task in summary.tasks if task.participants]
    return {"flow": flow_steps(results.tables.flow.rows), "results": rows}


def _result_row(task: TaskSummary) -> ResultRow:
    headline: Spread = task.worst_group_accuracy
    return ResultRow(
        task=f"{task.task}. {task.class_name}",
        base=percent(task.base_worst_group_accuracy),
        n=len(task.participants),
        error_score=score(task.best_error_score.mean),
        headline=percent(headline.mean),
        own_gain=points(task.own_gain.mean),
        n_gains=task.own_gain.n,
        control=percent(task.control_worst_group),
        control_name=task.control_name,
        sd=percent(headline.sd),
        best=percent(headline.max),
        optimistic=percent(task.worst_group_accuracy_chosen_on_test.mean),
        passed=passed_sentence([row for row in task.participants if row.better is not None]),
    )
