"""A gathering whose candidates are found, and one that checks a slice; both show images of the small data set."""

from typing import Any

import pytest
from django.utils import timezone

from annotations.models import Gathering, GatheringPart, JobState, Pool, Score
from tests.support.actors import Visit
from tests.support.rows import add_phrase

ITEMS = [
    {"row": 3, "arm": "candidate", "label": 0, "likeness": 0.5, "probability": 0.9},
    {"row": 60, "arm": "known", "label": 1},
    {"row": 4, "arm": "random", "label": None},
    {"row": 5, "arm": "candidate", "label": 0, "likeness": 0.25, "probability": 0.8},
]
DONE = {"state": JobState.DONE, "finished_at": timezone.now(), "requested_by": "ada"}


@pytest.fixture
def score(alice: Visit) -> Score:
    return add_phrase(alice, "red", 0.5).score


@pytest.fixture
def gathering(score: Score) -> Gathering:
    return make(score, ITEMS, pool=True)


def make(score: Score, items: list[dict[str, Any]], *, pool: bool, **fields: Any) -> Gathering:
    study, base_model = score.phrase.assignment.session.study, score.phrase.assignment.task.base_model
    of = (
        Pool.objects.create(name="drawings", folder="/x", encoder="x", dataset=base_model.dataset, **DONE)
        if pool
        else None
    )
    usual = {"duplicate_threshold": 0.98, **DONE, **fields}
    made = Gathering.objects.create(study=study, base_model=base_model, pool=of, items=items, **usual)
    assert score.threshold is not None
    GatheringPart.objects.create(gathering=made, score=score, target_class=0, threshold=score.threshold)
    return made
