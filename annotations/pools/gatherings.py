"""Gathering images for what people found: asked for by coordinators, answered by workers."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from annotations.base.service_errors import NotPossible, only_valid
from annotations.models import BaseModel, GatheredTraining, Gathering, GatheringPart, JobState, Pool, Score, Study
from annotations.pools import review_outcomes
from annotations.pools.review_progress import minutes_by_arm
from annotations.queue import jobs

MAX_ITEMS = 2000  # of each arm


@transaction.atomic
def request(
    study: Study,
    base_model: BaseModel,
    pool: Pool | None,
    scores: Iterable[tuple[Score, float]],
    *,
    by: str,
    **settings: Any,
) -> Gathering:
    """Ask for candidates from a pool for some annotations, each a score with a threshold and of a class of its own.

    Without a pool, ask for images of the data set above and below the threshold: does the slice mean its phrase?
    settings: fields of `Gathering`. Raises NotPossible.
    """
    if not study.tasks.filter(base_model=base_model).exists():
        raise NotPossible(f"No task of this study uses {base_model}.")
    if pool is not None and pool.dataset is None:
        raise NotPossible(f"The images of {pool} are not imported yet. Wait until the import is finished.")
    if max(settings.get(name, 0) for name in ("n_candidates", "n_random", "n_known")) > MAX_ITEMS:
        raise NotPossible(f"Ask for at most {MAX_ITEMS} images of each kind.")
    gathering = Gathering(study=study, base_model=base_model, pool=pool, requested_by=by, **settings)
    with only_valid("Something does not fit: {}"):
        gathering.clean_fields(exclude={each.name for each in Gathering._meta.fields} - settings.keys() | {"licences"})
        gathering.validate_constraints()
    jobs.ask(gathering, "gathering_requested", pool=str(pool or ""))
    for score, threshold in scores:
        if not study.sessions.in_results().filter(pk=score.phrase.assignment.session_id).exists():
            raise NotPossible(
                "The phrase belongs to another study, or to a visit that does not count. Choose another phrase."
            )
        label = score.phrase.assignment.task.target_class
        if label is None:
            raise NotPossible("The phrase’s task has no class. Choose another phrase.")
        GatheringPart.objects.create(gathering=gathering, score=score, target_class=label, threshold=threshold)
    if not gathering.parts.exists():
        raise NotPossible("Choose a phrase that has a similarity threshold.")
    return gathering


@transaction.atomic
def request_training(gathering: Gathering, *, by: str) -> GatheredTraining:
    """Have a data set made of what was kept, and heads trained with it. Raises NotPossible."""
    locked = Gathering.objects.select_for_update(of=("self",)).select_related("study").get(pk=gathering.pk)
    if locked.pool_id is None or locked.state != JobState.DONE:
        raise NotPossible("There are no candidates yet. Wait until the search is finished.")
    if locked.trainings.filter(finished_at=None).exists():
        raise NotPossible("A training with these images is under way. Wait until it is finished.")
    found = review_outcomes.kept(locked)
    if not found[review_outcomes.CANDIDATE]:
        raise NotPossible("No candidate has been kept yet, so there is nothing to train with. Review some first.")
    training = GatheredTraining(gathering=locked, kept=found, minutes=minutes_by_arm(locked), requested_by=by)
    n_kept = {arm: len(rows) for arm, rows in found.items()}
    return jobs.ask(training, "gathered_training_requested", pseudo_labels=locked.pseudo_labels, kept=n_kept)


def store_candidates(gathering: Gathering, items: list[dict[str, Any]], report: dict[str, Any]) -> None:
    """Finish a search for candidates that is held. Raises JobLost."""
    jobs.finish(gathering, phase="", items=items, report=report)
