"""A study's overview: where it stands, what it needs next, who is where, what came of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from annotations.analysis.tables.flow_table import course_lines
from annotations.base.word_files import read_words
from annotations.datasets.encoder_problems import encoder_problems
from annotations.models import OPEN_STATES, Moderation, Study, StudyState
from annotations.monitoring.person_courses import courses, people_kind
from annotations.monitoring.study_people import people_of
from annotations.pages.study_pages import Place, crowd_came, is_for_experts, show_page
from annotations.payments.compared_records import compare
from annotations.payments.costs import totals
from annotations.phrases import listed_phrases
from annotations.prolific import status_comparison
from annotations.releases import moderated_phrases as moderation
from annotations.results.latest_results import latest
from annotations.results.staff_pages.answer_sheet import sheets_of
from annotations.results.staff_pages.flow_words import flow_steps
from annotations.results.staff_pages.shown_numbers import shown
from annotations.studies import lifecycle, study_progress
from annotations.studies.preflight.check_result import FixIn, Level
from annotations.studies.preflight.duration import longest_minutes
from annotations.studies.preflight.pay_checks import hourly_cents
from annotations.studies.preflight.preflight_report import checks_of, preflight_summary, report
from clarify_errors.arrays.common.counted_words import counted


@dataclass(frozen=True)
class NextStep:
    """`button` leads to `url`, `worth` to what pre-flight warns of; `is_broken`: something does not work."""

    sentence: str
    more: str = ""
    button: str = ""
    url: str = ""
    is_broken: bool = False
    worth: str = ""


def next_step(study: Study, place: Place | None) -> NextStep | None:
    """Return the next step of one place, or of the whole study for its overview; None where nothing is to be done."""
    if place is not None:
        return next(_STEPS[place](study), None)
    order: tuple[Place, ...] = ("setup", "people", "run", "findings")
    return next((step for each in order for step in _STEPS[each](study)), None)


def _setup(study: Study) -> Iterator[NextStep]:
    if study.state != StudyState.DRAFT:
        return
    checks = checks_of(report(study))
    blocks = [check for check in checks if check.level is Level.BLOCK]
    summary = preflight_summary(study, checks)
    to_mend = [check.sentence for check in blocks if check.fix_in is not FixIn.REHEARSAL]
    if to_mend:
        yield NextStep(summary.sentence, to_mend[0], "See what", _url(study, "preflight"), is_broken=True)
    elif blocks:
        sentence = "Rehearse it: simulated participants go through it as people will."
        yield NextStep(sentence, blocks[0].sentence, "Rehearse it", _url(study, "rehearsal"))
    else:
        to_open = _url(study, "step", "open")
        worth = "See what is worth a look." if summary.worth else ""
        can_open, right = (summary.sentence, "") if summary.worth else ("The study can open.", f"{summary.sentence} ")
        more = f"{right}What people see freezes then."
        yield NextStep(can_open, more, "Open the study", to_open, worth=worth)


def _run(study: Study) -> Iterator[NextStep]:
    for problem in encoder_problems([study])[study.pk][:1] if study.state in OPEN_STATES else []:
        more = "Phrases wait for their score. An operator mends it where the workers run."
        yield NextStep(problem, more, "Watch live", _url(study, "monitor"), is_broken=True)
    alarm = study.alarms.filter(cleared_at__isnull=True, acknowledged_by="").order_by("-pk").first()
    if alarm is not None:
        yield NextStep(alarm.message, "", "Watch live", _url(study, "monitor"), is_broken=True)
    if study.state == StudyState.PAUSED:
        more = "Those who are inside can finish."
        yield NextStep("The study is paused: nobody new can enter.", more, "Resume", _url(study, "step", "resume"))
    elif study.state in OPEN_STATES and is_for_experts(study):
        more = "Everybody with a role in the study can annotate."
        yield NextStep("The study is open to its experts.", more, "Annotate as an expert", _url(study, "annotate"))
    elif study.state in OPEN_STATES and (n := people_of(study, timezone.now()).inside):
        sentence = f"{counted(n, 'person is', 'people are')} inside now."
        yield NextStep(sentence, "They need nothing from you.", "Watch live", _url(study, "monitor"))
    elif study.state in OPEN_STATES:
        vouched = "with secure links on. This study refuses everybody whom Prolific does not verify."
        more = "Put the participants’ link, which the overview has, into the study on Prolific, "
        more += vouched if study.only_verified else "which fills it in. People whom you ask yourself need invitations."
        yield NextStep("Nobody is inside. People come by the link.", more, "Watch live", _url(study, "monitor"))


def _people(study: Study) -> Iterator[NextStep]:
    compared = compare(study, timezone.now()) if crowd_came(study) else None
    n, differ = (len(compared.approvable), len(compared.awaiting) - len(compared.approvable)) if compared else (0, 0)
    unknown = totals(study).unknown.n if not settings.PROLIFIC_TOKEN and crowd_came(study) else 0
    if unknown:
        who = counted(unknown, "person has", "people have")
        sentence = f"{who} finished, but Clarify does not know whether they were approved and paid."
        more = "This site has no Prolific token: approve them on Prolific, and import its file of submissions."
        yield NextStep(sentence, more, "See who", _url(study, "reconciliation"))
    if n:
        wait = counted(n, "person has finished and waits", "people have finished and wait")
        button = "Look at this one" if n == 1 else f"Look at the {n:,}"
        more = "Clarify pays nobody before you confirm it."
        if differ:
            more = f"{counted(differ, 'more awaits', 'more await')} review and must be checked one by one. {more}"
        yield NextStep(f"{wait} to be approved.", more, button, _url(study, "reconciliation"))
    elif differ:
        wait = counted(differ, "submission awaits", "submissions await")
        more = "Clarify and Prolific disagree about them. Check them one by one."
        yield NextStep(f"{wait} review.", more, "Look at what differs", _url(study, "reconciliation"))


def _findings(study: Study) -> Iterator[NextStep]:
    if study.state == StudyState.DRAFT:
        yield NextStep("Findings will appear once people have taken part.")
    elif n := moderation.counts(study)[Moderation.UNREVIEWED]:
        sentence = f"{counted(n, 'phrase has', 'phrases have')} not been moderated."
        more = "A pooled correction uses only approved phrases, and a release should hide phrases that name a person."
        yield NextStep(sentence, more, "Moderate", _url(study, "moderation"))
    elif study.state == StudyState.CLOSED:
        yield NextStep("The study is closed.", "", "Read the findings", _url(study, "results"))


_STEPS: dict[Place, Callable[[Study], Iterator[NextStep]]] = {
    "setup": _setup,
    "run": _run,
    "people": _people,
    "findings": _findings,
}


def _url(study: Study, name: str, *more: str) -> str:
    return reverse(f"admin:annotations_study_{name}", args=[study.pk, *more])


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
    return show_page(request, study, "overview", "Overview", **overview(study, f"user:{request.user.pk}"))


def overview(study: Study, owner: str) -> dict[str, Any]:
    """Return what the overview shows. owner: whom the addresses of pictures are for."""
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
        **_results(study, owner),
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


def _results(study: Study, owner: str) -> dict[str, Any]:
    if study.state == StudyState.DRAFT:
        return {"flow": [], "sheets": []}  # of previews and rehearsals nothing counts
    found = latest(study)
    flow = flow_steps(course_lines(courses(study, people_kind(study))))  # as of now, as all counts of the page
    sheets = sheets_of(study, shown(found.results.tables), found.results.concepts, owner) if found.results else []
    return {"flow": flow, "sheets": sheets, "latest": found}
