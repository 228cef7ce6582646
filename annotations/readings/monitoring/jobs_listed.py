"""Jobs that are due, worked on, or ended lately: how far each is, and how long its present phase may still take."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from annotations.models import (
    Benchmark,
    Correction,
    DatasetImport,
    GatheredTraining,
    Gathering,
    ImageIndex,
    JobState,
    Pool,
    Rehearsal,
    Release,
    Study,
    StudyAnalysis,
)
from annotations.models.jobs import UNFINISHED, Job

KINDS: dict[str, type[Job]] = {
    model._meta.model_name or "": model
    for model in (
        *(DatasetImport, Pool, ImageIndex, Gathering, GatheredTraining),
        *(Rehearsal, StudyAnalysis, Correction, Benchmark, Release),
    )
}  # searches for images hold words and take seconds
ENDED_SHOWN = 3  # of a kind
_MIN_ELAPSED_S = 2.0  # before that a rate says nothing


@dataclass(frozen=True)
class ListedJob:
    """A job and its pace. rate: of what the phase counts, a second; left_s: of the phase; None where unknown."""

    kind: str
    job: Job
    rate: float | None
    left_s: float | None

    @property
    def is_unfinished(self) -> bool:
        return self.job.state in UNFINISHED

    @property
    def has_failed(self) -> bool:
        return self.job.state == JobState.FAILED

    @property
    def study(self) -> Study | None:
        return self.job.of_study


def listed_jobs(now: dt.datetime) -> list[ListedJob]:
    """Return every job that is not finished and of each kind those that ended last, the newest first."""
    found = [job for model in KINDS.values() for job in _shown(model)]
    found.sort(key=lambda job: (job.state in UNFINISHED, job.finished_at or job.created_at), reverse=True)
    return [listed(job, now) for job in found]


def listed(job: Job, now: dt.datetime) -> ListedJob:
    """Return a job with its pace since its phase began."""
    rate = left = None
    if job.state == JobState.RUNNING and job.phase_began_at is not None:
        elapsed, done = (now - job.phase_began_at).total_seconds(), job.n_done - job.phase_began_with
        if elapsed >= _MIN_ELAPSED_S and done > 0:
            rate = done / elapsed
            left = max(0, job.n_total - job.n_done) / rate if job.n_total else None
    return ListedJob(job._meta.model_name or "", job, rate, left)


def _shown(model: type[Job]) -> list[Job]:
    rows = model._default_manager.defer(*_large(model))
    ended = rows.exclude(state__in=UNFINISHED).order_by("-finished_at").values("pk")[:ENDED_SHOWN]
    return list(rows.filter(Q(state__in=UNFINISHED) | Q(pk__in=[row["pk"] for row in ended])))


def _large(model: type[Job]) -> list[str]:
    """The names of the fields that hold a job's results."""
    kinds = ("BinaryField", "JSONField")
    return [field.name for field in model._meta.concrete_fields if field.get_internal_type() in kinds]
