"""What the demo has beside its participants, so that each figure shows something: an expert, baselines, a correction.

Import it once Django is set up.
"""

import secrets
import time
import uuid
from collections.abc import Iterator

from django.contrib.auth.models import User
from django.db import transaction

from annotations.models import (
    AssignmentState,
    Audience,
    Benchmark,
    Correction,
    EndReason,
    JobState,
    Moderation,
    Phrase,
    Review,
    Study,
)
from annotations.services import benchmark_requests
from annotations.services.phrases import assignments, phrase_submission
from annotations.services.releases import moderation
from annotations.services.retraining import corrections
from annotations.services.studies.lifecycle import create_study, open_study
from annotations.services.visits import experts
from deploy.local.processes import CannotRun

EXPERTS_SLUG, EXPERTS_TITLE = "sprites-demo-experts", "Sprites demo (a simulated expert)"
EXPERTS_PHRASES = ("red shapes", "large red squares", "a red square on a dark background")
DONE_WITHIN_S = 180


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


def _job_left(job: Benchmark | Correction) -> Iterator[tuple[int, int]]:
    until = time.monotonic() + DONE_WITHIN_S
    while job.finished_at is None:
        if time.monotonic() > until:
            raise CannotRun(f"{job} is not done after {DONE_WITHIN_S} s. See the log of worker-retrain.")
        yield job.n_done, job.n_total or 1
        time.sleep(0.2)
        job.refresh_from_db()
    if job.state != JobState.DONE:
        raise CannotRun(f"{job} failed: {job.error}")
