"""Plays rehearsals: a few simulated participants at a time, over HTTP; the worker's other tasks come in between."""

import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from typing import Any

import httpx2
from django.conf import settings
from django.urls import reverse

from annotations.models import AnnotationSession, Phrase, PhraseState, Rehearsal, SessionKind
from annotations.queue import jobs, worker_wakeup
from annotations.simulation.page_browser import UnexpectedPage
from annotations.simulation.personas import Kind, Leaves, Persona, make_personas, talkative
from annotations.simulation.visitor import VisitReport, visit
from annotations.visits.preview_links import simulated_parameters
from clarify_errors.arrays.common.steps import step_done
from worker.queue.due_jobs import work_on_due

AT_ONCE = 4
SCORED_WITHIN_S = 60.0  # the phrases for whose score nobody waited


@dataclass(frozen=True)
class Person:
    """What became of one simulated participant. `problem` is empty where it went as it should."""

    name: str
    kind: str
    outcome: str
    seconds: float
    n_phrases: int
    problem: str


@dataclass(frozen=True)
class Part:
    """What one simulated participant plays, and whether the visit has to end with a code."""

    number: int
    persona: Persona
    completes: bool


def run_due_rehearsals() -> int:
    """Send the next participants of the oldest due rehearsal; return 1, or 0 where none is. Raises OperationalError."""
    return work_on_due(Rehearsal, _play_some, most=1)


def parts(rehearsal: Rehearsal) -> list[Part]:
    """Return who comes, the same for the same seed: everybody says enough for the study's least numbers of phrases."""
    study = rehearsal.study
    least = max(study.tasks.values_list("min_phrases", flat=True), default=1)
    people = [talkative(persona, least) for persona in make_personas(rehearsal.n_people, rehearsal.seed)]

    def completes(persona: Persona) -> bool:
        stopped_by_check = persona.kind is Kind.CHECK_FAILER and study.comprehension_check
        return persona.leaves is Leaves.FINISHED and not stopped_by_check

    return [Part(number, persona, completes(persona)) for number, persona in enumerate(people)]


def _play_some(rehearsal: Rehearsal) -> None:
    """Play those who come next, and judge the rehearsal once all have been."""
    done: list[dict[str, Any]] = rehearsal.report.get("people", [])
    due = parts(rehearsal)[len(done) : len(done) + AT_ONCE]
    parameters = [simulated_parameters(rehearsal.study, part.number, rehearsal.seed) for part in due]
    path = reverse("welcome", args=[rehearsal.study.slug])
    with ThreadPoolExecutor(AT_ONCE) as pool:  # these threads speak HTTP and leave the database alone
        visits = [pool.submit(_play, path, by, part) for part, by in zip(due, parameters, strict=True)]
        while wait(visits, timeout=1.0).not_done:  # each request ends by its own time limit
            step_done()
    came = [visit.result() for visit in visits]
    done += [asdict(person) for person in came]
    jobs.beat(rehearsal, report={"people": done}, n_done=len(done), phase="simulated participants are at work")
    if len(done) < rehearsal.n_people and not _is_hopeless(came):
        jobs.requeue(rehearsal)
        worker_wakeup.dispatch_on_commit(worker_wakeup.RUN_REHEARSALS)
    else:
        _judge(rehearsal, done)


def _play(path: str, parameters: dict[str, str], part: Part) -> Person:
    began = time.monotonic()
    try:
        report = visit(settings.REHEARSAL_URL, path, parameters, part.persona, is_patient=False)
    except (UnexpectedPage, httpx2.HTTPError) as error:
        outcome, n_phrases, problem = "broke off", 0, str(error) or type(error).__name__
    else:
        outcome, n_phrases = _outcome(report), len(report.scores)
        problem = "" if report.completion_code or not part.completes else f"it should have completed, and {outcome}"
    seconds = round(time.monotonic() - began, 1)
    return Person(part.persona.name, part.persona.kind, outcome, seconds, n_phrases, problem)


def _outcome(report: VisitReport) -> str:
    if report.completion_code:
        return "completed"
    return "left" if report.passed else "did not pass the check"


def _is_hopeless(came: list[Person]) -> bool:
    """Whether nobody got through: the others would not either, and each would wait as long."""
    return all(person.problem for person in came)


def _judge(rehearsal: Rehearsal, people: list[dict[str, Any]]) -> None:
    """Green where everybody went as they should and every phrase has its score."""
    problems = [f"{person['name']}: {person['problem']}" for person in people if person["problem"]]
    problems += _unscored(rehearsal)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        jobs.fail(rehearsal, f"{problems[0].rstrip('.')}{more}.", phase="")
    else:
        jobs.finish(rehearsal, phase="")


def _unscored(rehearsal: Rehearsal) -> list[str]:
    visits = AnnotationSession.objects.filter(
        study=rehearsal.study, kind=SessionKind.SIMULATED, created_at__gte=rehearsal.created_at
    )
    phrases = Phrase.objects.filter(assignment__session__in=visits)
    until = time.monotonic() + SCORED_WITHIN_S
    while (waiting := phrases.filter(state=PhraseState.PENDING).count()) and time.monotonic() < until:
        time.sleep(0.2)
        step_done()
    failed = phrases.filter(state=PhraseState.FAILED)
    reasons = [f"“{text}” could not be scored: {error}" for text, error in failed.values_list("text", "last_error")]
    return reasons + (
        [(f"{waiting} phrases have no score yet. Check that the scoring worker is running.")] if waiting else []
    )
