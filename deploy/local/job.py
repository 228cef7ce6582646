"""What the demo does with the site, asking the database what is done already. Import it once Django is set up."""

import datetime as dt
import io
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from annotations.analysis.statistics.estimate_types import spread
from annotations.analysis.tables.estimands import ESTIMANDS
from annotations.corrections import correction_requests as corrections
from annotations.datasets import image_searches
from annotations.datasets.encoder_choices import BUNDLED
from annotations.log import audit
from annotations.models import (
    UNFINISHED,
    AssignmentState,
    Audience,
    BaseModel,
    Benchmark,
    Dataset,
    EndReason,
    JobState,
    KeywordRanking,
    Moderation,
    Phrase,
    PhraseState,
    Pool,
    Review,
    Run,
    RunState,
    Study,
    StudyState,
    Verdict,
)
from annotations.models.jobs import Job
from annotations.phrases import assignments, phrase_submission
from annotations.pools import gatherings, image_reviews, pool_requests
from annotations.pools.annotation_sources import source
from annotations.pools.gathering_tables import WORTH, worth_table
from annotations.pools.review_outcomes import KNOWN
from annotations.queue import worker_wakeup
from annotations.releases import moderation
from annotations.results import benchmark_requests
from annotations.results.stored_rows import read_people
from annotations.simulation.crowd import as_participants, send
from annotations.simulation.personas import make_personas
from annotations.simulation.visitor import VisitReport
from annotations.studies.lifecycle import create_study, open_study, test_entry_url
from annotations.studies.rehearsal_requests import USUAL_PEOPLE, request_rehearsal
from annotations.studies.study_progress import SENT
from annotations.visits import expert_visits as experts
from clarify_errors.arrays.sprites.sprites_source import pool_labels, write_sprites_pool
from deploy.local.processes import CannotRun

SLUG, TITLE = "sprites-demo", "Why does the AI take squares for ovals?"
DATASET, BASE_MODEL = "sprites", "erm"
COORDINATOR = "coordinator"
PARTICIPANTS, SEED, AT_ONCE = 26, 0, 4
DONE_WITHIN_S = 180
CONDITIONS = (
    {"name": "with the goal", "show_effect": True},
    {"name": "without the goal", "show_goal": False, "show_effect": True},
)
GOAL = 0.5
INTRODUCTION = (
    "A computer program sorts drawn shapes into squares and ovals, and gets some of them wrong. You see what it got "
    "wrong and say, in your own words, what those images have in common."
)
IN_GERMAN = {
    "title": "Warum hält die KI Quadrate für Ovale?",
    "introduction": "Ein Computerprogramm sortiert gezeichnete Formen in Quadrate und Ovale und liegt bei manchen "
    "falsch. Sie sehen, wo es falsch lag, und sagen mit eigenen Worten, was diese Bilder gemeinsam haben.",
}
EXPERTS_SLUG, EXPERTS_TITLE = "sprites-demo-experts", "Sprites demo (a simulated expert)"
EXPERTS_PHRASES = ("red shapes", "large red squares", "a red square on a dark background")
POOL_SEED = 1
REVIEWERS_ERR = 0.03
# The bundled encoder tells squares from ovals less well than the base model does.
GATHERING = {
    "class_by": "base_model",
    "class_threshold": 0.1,
    "n_candidates": 60,
    "n_random": 60,
}


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
            translations={"de": IN_GERMAN},
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
    yield from _job_left(rehearsal)
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
    audit.record(SENT, study, by=COORDINATOR, people=PARTICIPANTS)  # the pages of its staff say so
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
    """Let the coordinator say something of the same class, once, in a study of experts."""
    coordinator = User.objects.get(username=COORDINATOR)
    opened = Study.objects.filter(slug=EXPERTS_SLUG).first()
    if opened is None:
        opened = _experts_study(study)
    begun = experts.pick(experts.enter(opened, coordinator), opened.tasks.get())
    if begun.state == AssignmentState.ENDED:
        return
    audit.record(SENT, opened, by=COORDINATOR, people=1)
    for text in EXPERTS_PHRASES:
        phrase_submission.submit(begun, client_uuid=uuid.uuid4(), text=text)
    assignments.end(begun, EndReason.DONE)


@transaction.atomic
def _experts_study(study: Study) -> Study:
    shown = study.tasks.get()
    task = {"base_model": shown.base_model, "target_class": shown.target_class, "time_limit_s": None}
    draft = create_study(
        slug=EXPERTS_SLUG,
        title=EXPERTS_TITLE,
        audience=Audience.EXPERTS,
        completion_code=secrets.token_hex(4).upper(),  # of no use to experts; every study has one
        tasks=[task],
        by=COORDINATOR,
    )
    return open_study(draft, by=COORDINATOR, without_rehearsal=True)  # that of `study` was green


def measure_and_correct(study: Study) -> Iterator[tuple[int, int]]:
    """Have the base model measured by other methods, then corrected, on the first call; yield (done, all) of each.

    Raises CannotRun.
    """
    benchmark_requests.ask(study, by=COORDINATOR)
    for benchmark in Benchmark.objects.filter(base_model__tasks__study=study):
        yield from _job_left(benchmark)
    yield from _correct(study)


def _correct(study: Study) -> Iterator[tuple[int, int]]:
    """Approve the phrase with the highest error score, train a correction with it and approve that, on the first call.

    Yields (done, all) until it is trained. Raises CannotRun.
    """
    if study.corrections.exists():
        return
    scored = Phrase.objects.filter(assignment__session__in=study.sessions.counted(), score__value__gt=0)
    best = scored.order_by("-score__value", "submitted_at").first()
    if best is None:
        raise CannotRun("No phrase has a score above 0, so the base model cannot be corrected.")
    moderation.moderate(best, Moderation.APPROVED, by=COORDINATOR)
    correction = corrections.request(study, study.tasks.get().base_model, by=COORDINATOR)
    yield from _job_left(correction)
    corrections.review(correction, Review.APPROVED, by=COORDINATOR, reason="To show what an approved one looks like.")


def gather(study: Study, n_drawings: int) -> Iterator[tuple[int, int]]:
    """Gather for the correction from a pool of so many drawings, review them and retrain, on the first call.

    Yields (done, all) of each step. Raises CannotRun.
    """
    if study.gatherings.filter(trainings__state=JobState.DONE).exists():
        return
    folder = settings.DATA_ROOT / "sources" / "sprites-pool"
    pool = Pool.objects.filter(name="sprites-pool").first()
    if pool is None:
        write_sprites_pool(folder, POOL_SEED, n_drawings)
        pool = pool_requests.new_pool("sprites-pool", folder, BUNDLED, by=COORDINATOR)
        worker_wakeup.send(worker_wakeup.GATHER_IMAGES)
    yield from _job_left(pool)
    correction = study.corrections.latest("pk")
    chosen = source(study, f"correction-{correction.pk}")
    assert chosen is not None, "the correction was trained before"
    image_searches.request_index(chosen.base_model.dataset, by=COORDINATOR)  # and the form says what follows from it
    gathering = study.gatherings.first() or gatherings.request(
        study, chosen.base_model, pool, chosen.annotations, by=COORDINATOR, **GATHERING
    )
    yield from _job_left(gathering)
    n_drawn = sum(1 for _ in folder.glob("*.png"))  # an earlier call may have drawn another number
    labels = pool_labels(POOL_SEED, n_drawn)
    names = pool.dataset.files.filenames if pool.dataset else ()
    for number in (1, 2):
        rng, reviewer = np.random.default_rng(number), f"simulated-reviewer-{number}"
        for place, item in enumerate(gathering.items):
            label = item["label"] if item["arm"] == KNOWN else int(labels[int(names[item["row"]].partition(".")[0])])
            said = 1 - label if rng.random() < REVIEWERS_ERR else label
            shown_at = timezone.now() - dt.timedelta(seconds=rng.uniform(1, 3))
            image_reviews.say(gathering, place, Verdict.KEEP, said, by=reviewer, shown_at=shown_at)
    yield from _job_left(gatherings.request_training(gathering, by=COORDINATOR))


def work_left(study: Study, within_s: float = DONE_WITHIN_S) -> Iterator[tuple[int, int]]:
    """Yield (done, all) of the phrases and runs until all are done.

    Raises CannotRun for one that failed, and where nothing was done for `within_s`.
    """
    until, left = time.monotonic() + within_s, -1
    here = {"assignment__session__study__in": [study, *Study.objects.filter(slug=EXPERTS_SLUG)]}
    phrases, runs = Phrase.objects.filter(**here), Run.objects.filter(**here)
    while time.monotonic() < until:
        pending = phrases.filter(state=PhraseState.PENDING).count() + runs.filter(state=RunState.PENDING).count()
        total = phrases.count() + runs.count()
        yield total - pending, total
        if not pending:
            break
        if pending != left:
            until, left = time.monotonic() + within_s, pending
        time.sleep(0.2)
    else:
        raise CannotRun(f"{pending} phrases and runs are not done after {within_s:.0f} s. See the workers' logs.")
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
    """What people reached, as in estimates.csv, a line each, after who they are and before what gathering is worth."""
    lines = ["All of these participants are simulated; they came by the participants' link, so that they count."]
    everybody = read_people(study)
    for task in study.tasks.with_base_models():
        people = [row for row in everybody if row.task == task.position]
        n_phrases = sum(row.n_phrases for row in people)
        lines.append(f"class “{task.class_name}”: {len(people)} participants on the task, {n_phrases} phrases")
        lines.append(f"{'worst group accuracy, base model':<52}{task.base_model.test_metrics['worst_group']:.3f}")
        for each in ESTIMANDS:
            of = spread(map(each.of, people))
            if of.mean is not None and of.max is not None:
                name = f"{each.measure}, {each.over}".replace("_", " ")
                lines.append(f"{name:<52}{of.mean:.3f} on average (max {of.max:.3f}, n = {of.n})")
    return [*lines, *_worth(study)]


def _worth(study: Study) -> list[str]:
    """What the gathered drawings are worth, a line for each model."""
    lines = []
    for row in worth_table(study).rows:
        of = {name: f"{row.measures[name].value:.3f}" if name in row.measures else "none" for name in WORTH}
        added = f"{row.name}, {row.n_added} images added" if row.n_added else row.name
        lines.append(f"{added:<52}worst group {of['worst_group']}, minority split {of['minority']}")
    return lines


def _job_left(job: Job) -> Iterator[tuple[int, int]]:
    until, reached = time.monotonic() + DONE_WITHIN_S, (job.phase, job.n_done)
    while job.finished_at is None:
        if (job.phase, job.n_done) != reached:  # a large pool takes minutes
            until, reached = time.monotonic() + DONE_WITHIN_S, (job.phase, job.n_done)
        if time.monotonic() > until:
            raise CannotRun(f"{job} has not moved for {DONE_WITHIN_S} s. See the logs of the workers.")
        yield job.n_done, job.n_total or 1
        time.sleep(0.2)
        job.refresh_from_db()
    if job.state != JobState.DONE:
        raise CannotRun(f"{job} failed: {job.error}")
