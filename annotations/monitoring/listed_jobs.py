"""Jobs that are due, worked on, or ended lately."""

from django.db.models import Q

from annotations.models import ImageSearch
from annotations.models.jobs import UNFINISHED, Job

KINDS: dict[str, type[Job]] = {
    model._meta.model_name or "": model for model in Job.__subclasses__() if model is not ImageSearch
}  # searches for images hold words and take seconds
ENDED_SHOWN = 3  # of a kind


def listed_jobs() -> list[Job]:
    """Return every job that is not finished and of each kind those that ended last, the newest first."""
    found = [job for model in KINDS.values() for job in _shown(model)]
    return sorted(found, key=lambda job: (job.state in UNFINISHED, job.finished_at or job.created_at), reverse=True)


def _shown(model: type[Job]) -> list[Job]:
    rows = model._default_manager.defer(*_large(model))
    ended = rows.exclude(state__in=UNFINISHED).order_by("-finished_at").values("pk")[:ENDED_SHOWN]
    return list(rows.filter(Q(state__in=UNFINISHED) | Q(pk__in=[row["pk"] for row in ended])))


def _large(model: type[Job]) -> list[str]:
    """The names of the fields that hold a job's results."""
    kinds = ("BinaryField", "JSONField")
    return [field.name for field in model._meta.concrete_fields if field.get_internal_type() in kinds]
