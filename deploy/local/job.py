"""What the demo does with the site, asking the database what is done already. Import it once Django is set up."""

import io
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.urls import reverse

from annotations.analysis.statistics.estimate_types import Spread
from annotations.exports.tables.summary import TaskSummary, summarise
from annotations.models import (
    UNFINISHED,
    BaseModel,
    Dataset,
    KeywordRanking,
    Phrase,
    PhraseState,
    Run,
    RunState,
    Study,
    StudyState,
)
from annotations.services.studies.lifecycle import create_study, open_study, test_entry_url
from annotations.services.visits.rehearsals import USUAL_PEOPLE, request_rehearsal
from annotations.simulation.crowd import as_participants, send
from annotations.simulation.personas import make_personas
from annotations.simulation.visitor import VisitReport
from deploy.local import beside
from deploy.local.processes import CannotRun

SLUG, TITLE = "sprites-demo", "Sprites demo (simulated people)"
DATASET, BASE_MODEL = "sprites", "erm"
COORDINATOR = "coordinator"
PARTICIPANTS, SEED, AT_ONCE = 26, 0, 4
WORK_DONE_WITHIN_S, REHEARSED_WITHIN_S = 180, 180
CONDITIONS = ({"name": "with the goal"}, {"name": "without the goal", "show_goal": False})
GOAL = 0.5
INTRODUCTION = (
    "A computer program sorts drawn shapes into squares and ovals, and gets some of them wrong. You see what it got "
    "wrong and say, in your own words, what those images have in common. It takes about ten minutes."
)


def migrate() -> None:
    """Raises CannotRun for a database of Clarify 0.9 or earlier."""
    try:
        call_command("migrate", interactive=False, skip_checks=False, verbosity=0)
    except SystemCheckError as error:
        raise CannotRun(
            f"{error}\n`clarify demo --reset` (`make demo RESET=1`) removes what earlier demos made, and begins anew."
        ) from error


def has_data_set() -> bool:
    return Dataset.objects.filter(name=DATASET).exists()


def has_base_model() -> bool:
    return BaseModel.objects.filter(dataset__name=DATASET, name=BASE_MODEL).exists()


def has_keywords() -> bool:
    return KeywordRanking.objects.filter(base_model__dataset__name=DATASET, base_model__name=BASE_MODEL).exists()


def keyword_arguments(folder: Path) -> list[str]:
    """What `manage.py rank_keywords` is asked for: keywords from the captions that say what was drawn."""
    output = str(folder / "keywords")
    return [DATASET, "--base-model", BASE_MODEL, "--from", "contrast", "--retrain", "--output", output]


def the_study() -> Study:
    """The demo's study, made on the first call: a draft until it was rehearsed."""
    study = Study.objects.filter(slug=SLUG).first()
    if study is None:
        base_model = BaseModel.objects.filter(dataset__name=DATASET, name=BASE_MODEL).latest("created_at")
        study = create_study(
            slug=SLUG,
            title=TITLE,
            introduction=INTRODUCTION,
            completion_code=secrets.token_hex(4).upper(),
            completion_url="",
            tasks=[{"base_model": base_model}],
            conditions=CONDITIONS,
            goal=GOAL,
        )
    return study


def is_open(study: Study) -> bool:
    return study.state != StudyState.DRAFT


def rehearse(study: Study) -> Iterator[tuple[int, int]]:
    """Send the usual simulated participants through the draft, yield (came, all), and open it after the last.

    Raises CannotRun where the rehearsal is red or does not end in time.
    """
    under_way = study.rehearsals.filter(state__in=UNFINISHED)  # of a demo that was stopped
    rehearsal = under_way.first() or request_rehearsal(study, USUAL_PEOPLE, by=COORDINATOR)
    until = time.monotonic() + REHEARSED_WITHIN_S
    while rehearsal.finished_at is None:
        if time.monotonic() > until:
            raise CannotRun(f"The rehearsal is not done after {REHEARSED_WITHIN_S} s. See the log of worker-outside.")
        yield rehearsal.n_done, rehearsal.n_people
        time.sleep(0.2)
        rehearsal.refresh_from_db()
    if rehearsal.error:
        raise CannotRun(f"The rehearsal failed: {rehearsal.error}")
    open_study(study, by=COORDINATOR)


def ensure_coordinator(password: str) -> None:
    """The coordinator's account, with this password."""
    account, _ = User.objects.get_or_create(username=COORDINATOR, defaults={"is_staff": True, "is_superuser": True})
    if not account.check_password(password):
        account.set_password(password)
        account.save(update_fields=["password"])


def is_crowd_complete(study: Study) -> bool:
    return study.sessions.counted().count() >= PARTICIPANTS


def send_crowd(study: Study, base_url: str, on_end: Callable[[VisitReport], None]) -> None:
    """Send the participants, by the participants' link: the demo is to have results.

    Raises CannotRun where a phrase got no score in time, and what a visit raises.
    """
    reports = send(
        base_url,
        reverse("welcome", args=[study.slug]),
        as_participants((study.participant_parameter, study.study_parameter, study.session_parameter)),
        make_personas(PARTICIPANTS, SEED),
        at_once=AT_ONCE,
        on_end=on_end,
    )
    late = sum(report.scores.count(None) for report in reports)
    if late:
        raise CannotRun(f"{late} phrases were not scored in time. See the log of worker-interactive.")


def send_expert(study: Study) -> None:
    """Let the coordinator say something as an expert."""
    beside.send_expert(study, User.objects.get(username=COORDINATOR))


def measure_and_correct(study: Study) -> Iterator[tuple[int, int]]:
    """Yield (done, all) of the baselines, then of the correction. Raises CannotRun."""
    yield from beside.measure(study, COORDINATOR)
    yield from beside.correct(study, COORDINATOR)


def gather(study: Study) -> Iterator[tuple[int, int]]:
    """Yield (done, all) of each step of gathering images for the correction. Raises CannotRun."""
    yield from beside.gather(study, COORDINATOR)


def work_left(study: Study) -> Iterator[tuple[int, int]]:
    """Yield (done, all) of the phrases and runs until all are done.

    Raises CannotRun for one that failed, and where nothing was done for WORK_DONE_WITHIN_S.
    """
    until, left = time.monotonic() + WORK_DONE_WITHIN_S, -1
    here = {"assignment__session__study__in": [study, *Study.objects.filter(slug=beside.EXPERTS_SLUG)]}
    phrases, runs = Phrase.objects.filter(**here), Run.objects.filter(**here)
    while time.monotonic() < until:
        pending = phrases.filter(state=PhraseState.PENDING).count() + runs.filter(state=RunState.PENDING).count()
        total = phrases.count() + runs.count()
        yield total - pending, total
        if not pending:
            break
        if pending != left:
            until, left = time.monotonic() + WORK_DONE_WITHIN_S, pending
        time.sleep(0.2)
    else:
        raise CannotRun(f"{pending} phrases and runs are not done after {WORK_DONE_WITHIN_S} s. See the workers' logs.")
    failed = [*phrases.filter(state=PhraseState.FAILED).values_list("last_error", flat=True)]
    failed += runs.filter(state=RunState.FAILED).values_list("reason", flat=True)
    if failed:
        raise CannotRun(f"{len(failed)} phrases or runs failed. The first reason: {failed[0]}")


def export(folder: Path) -> Path:
    """Write the study's export and return the file."""
    path = folder / f"{SLUG}.zip"
    call_command("export_study", SLUG, output=path, stdout=io.StringIO())
    return path


def link_for_one_more(study: Study) -> str:
    """A link that enters as somebody who has not been here."""
    return test_entry_url(study, study.sessions.count() + 1)


def results(study: Study) -> list[str]:
    """The summary in plain words, a line each, after who it is of."""
    said = "All of these participants are simulated; they came by the participants' link, so that they count."
    return [
        said,
        *(line for task in summarise(study).tasks for line in _task_results(study, task)),
        *beside.worth(study),
    ]


def _task_results(study: Study, task: TaskSummary) -> list[str]:
    runs = Run.objects.filter(assignment__task__position=task.task, assignment__session__in=study.sessions.counted())
    done, refused = runs.filter(state=RunState.DONE).count(), runs.filter(state=RunState.REFUSED).count()
    return [
        f"class “{task.class_name}”: {len(task.participants)} participants on the task, "
        f"{sum(row.n_phrases for row in task.participants)} phrases, {done} retrained heads, {refused} refused",
        f"best error score of a participant         {_spread(task.best_error_score)}",
        f"own gain on the worst group               {_spread(task.own_gain)}",
        f"worst-group accuracy, base model          {task.base_worst_group_accuracy:.3f}",
        f"worst-group accuracy, best-scored phrase  {_spread(task.worst_group_accuracy)}",
        f"…, best of all phrases (chosen on test)   {_spread(task.worst_group_accuracy_chosen_on_test)}",
    ]


def _spread(values: Spread) -> str:
    if values.mean is None or values.max is None:
        return "no values"
    deviation = "none" if values.sd is None else f"{values.sd:.3f}"
    return f"{values.mean:.3f} on average (SD {deviation}, max {values.max:.3f}, n = {values.n})"
