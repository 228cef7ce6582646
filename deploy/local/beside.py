"""What the demo has beside its participants: an expert, baselines, a correction, and images gathered for it.

Import it once Django is set up.
"""

import datetime as dt
import secrets
import time
import uuid
from collections.abc import Iterator

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotations.analysis.pools.gathering_tables import WORTH, worth_table
from annotations.models import (
    AssignmentState,
    Audience,
    Benchmark,
    EndReason,
    JobState,
    Moderation,
    Phrase,
    Pool,
    Review,
    Study,
    Verdict,
)
from annotations.models.jobs import Job
from annotations.readings.datasets.encoder_choices import BUNDLED
from annotations.readings.pools.annotation_sources import source
from annotations.readings.pools.review_outcomes import KNOWN
from annotations.services import benchmark_requests
from annotations.services.phrases import assignments, phrase_submission
from annotations.services.pools import gatherings, image_reviews, pool_requests
from annotations.services.queue import worker_wakeup
from annotations.services.releases import moderation
from annotations.services.retraining import corrections
from annotations.services.studies.lifecycle import create_study, open_study
from annotations.services.visits import experts
from deploy.local.processes import CannotRun
from modeling.arrays.sprites.sprites_source import pool_labels, write_sprites_pool

EXPERTS_SLUG, EXPERTS_TITLE = "sprites-demo-experts", "Sprites demo (a simulated expert)"
EXPERTS_PHRASES = ("red shapes", "large red squares", "a red square on a dark background")
DONE_WITHIN_S = 180
N_DRAWINGS, POOL_SEED = 2400, 1  # `manage.py build_sprites --pool 20000` draws more
REVIEWERS_ERR = 0.03
# The bundled encoder finds many sprites alike, and tells squares from ovals less well than the base model does.
GATHERING = {
    "class_by": "base_model",
    "class_threshold": 0.1,
    "duplicate_threshold": 0.9995,
    "n_candidates": 60,
    "n_random": 60,
}


def send_expert(study: Study, coordinator: User) -> None:
    """Let somebody who is logged in say something of the same class, once, in a study of experts."""
    opened = Study.objects.filter(slug=EXPERTS_SLUG).first()
    if opened is None:
        opened = _experts_study(study, coordinator.get_username())
    begun = experts.pick(experts.enter(opened, coordinator), opened.tasks.get())
    if begun.state == AssignmentState.ENDED:
        return
    for text in EXPERTS_PHRASES:
        phrase_submission.submit(begun, client_uuid=uuid.uuid4(), text=text)
    assignments.end(begun, EndReason.DONE)


@transaction.atomic
def _experts_study(study: Study, by: str) -> Study:
    shown = study.tasks.get()
    task = {"base_model": shown.base_model, "target_class": shown.target_class, "time_limit_s": None}
    draft = create_study(
        slug=EXPERTS_SLUG,
        title=EXPERTS_TITLE,
        audience=Audience.EXPERTS,
        completion_code=secrets.token_hex(4).upper(),  # of no use to experts; every study has one
        tasks=[task],
        by=by,
    )
    return open_study(draft, by=by, without_rehearsal=True)  # that of `study` was green


def measure(study: Study, by: str) -> Iterator[tuple[int, int]]:
    """Have the base model measured by other methods, on the first call; yield (done, all) until it is.

    Raises CannotRun.
    """
    benchmark_requests.ask(study, by=by)
    for benchmark in Benchmark.objects.filter(base_model__tasks__study=study):
        yield from _job_left(benchmark)


def correct(study: Study, by: str) -> Iterator[tuple[int, int]]:
    """Approve the phrase with the highest error score, train a correction with it and approve that, on the first call.

    Yields (done, all) until it is trained. Raises CannotRun.
    """
    if study.corrections.exists():
        return
    scored = Phrase.objects.filter(assignment__session__in=study.sessions.counted(), score__value__gt=0)
    best = scored.order_by("-score__value", "submitted_at").first()
    if best is None:
        raise CannotRun("No phrase has a score above 0, so the base model cannot be corrected.")
    moderation.moderate(best, Moderation.APPROVED, by=by)
    correction = corrections.request(study, study.tasks.get().base_model, by=by)
    yield from _job_left(correction)
    corrections.review(correction, Review.APPROVED, by=by, reason="To show what an approved one looks like.")


def gather(study: Study, by: str) -> Iterator[tuple[int, int]]:
    """Gather drawings for the correction from an unlabelled pool, review them and retrain, on the first call.

    Yields (done, all) of each step. Raises CannotRun.
    """
    if study.gatherings.filter(trainings__state=JobState.DONE).exists():
        return
    folder = settings.DATA_ROOT / "sources" / "sprites-pool"
    pool = Pool.objects.filter(name="sprites-pool").first()
    if pool is None:
        write_sprites_pool(folder, POOL_SEED, N_DRAWINGS)
        pool = pool_requests.new_pool("sprites-pool", folder, BUNDLED, by=by)
        worker_wakeup.send(worker_wakeup.GATHER_IMAGES)
    yield from _job_left(pool)
    correction = study.corrections.latest("pk")
    chosen = source(study, f"correction-{correction.pk}")
    assert chosen is not None, "the correction was trained before"
    gathering = study.gatherings.first() or gatherings.request(
        study, chosen.base_model, pool, chosen.annotations, by=by, **GATHERING
    )
    yield from _job_left(gathering)
    labels = pool_labels(POOL_SEED, N_DRAWINGS)
    names = pool.dataset.files.filenames if pool.dataset else ()
    for number in (1, 2):
        rng, reviewer = np.random.default_rng(number), f"simulated-reviewer-{number}"
        for place, item in enumerate(gathering.items):
            label = item["label"] if item["arm"] == KNOWN else int(labels[int(names[item["row"]].partition(".")[0])])
            said = 1 - label if rng.random() < REVIEWERS_ERR else label
            shown_at = timezone.now() - dt.timedelta(seconds=rng.uniform(1, 3))
            image_reviews.say(gathering, place, Verdict.KEEP, said, by=reviewer, shown_at=shown_at)
    yield from _job_left(gatherings.request_training(gathering, by=by))


def worth(study: Study) -> list[str]:
    """What the gathered drawings are worth, a line for each model."""
    lines = []
    for row in worth_table(study).rows:
        of = {name: f"{row.measures[name][0]:.3f}" if name in row.measures else "none" for name in WORTH}
        added = f"{row.name}, {row.n_added} images added" if row.n_added else row.name
        lines.append(f"{added:<42}worst group {of['worst_group']}, minority split {of['minority']}")
    return lines


def _job_left(job: Job) -> Iterator[tuple[int, int]]:
    until = time.monotonic() + DONE_WITHIN_S
    while job.finished_at is None:
        if time.monotonic() > until:
            raise CannotRun(f"{job} is not done after {DONE_WITHIN_S} s. See the logs of the workers.")
        yield job.n_done, job.n_total or 1
        time.sleep(0.2)
        job.refresh_from_db()
    if job.state != JobState.DONE:
        raise CannotRun(f"{job} failed: {job.error}")
