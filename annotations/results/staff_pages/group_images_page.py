"""Test images of one group, before and after retraining with words: what became right, what became wrong.

After: with people's best phrase, or as a correction has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from numpy.typing import NDArray

from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import BaseModel, Correction, JobState, Moderation, Phrase, Run, RunState, Study, Task
from annotations.models.arrays import unpack_int32
from annotations.models.moderated_words import words_of_phrase
from annotations.monitoring.person_courses import people_kind
from annotations.pages.number_formats import row_number
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.samples import sample
from clarify_errors.arrays.datasets.dataset_files import Split
from clarify_errors.arrays.retraining.heads import Head

_SHOWN = 24  # pictures of each kind
_KINDS = {  # right before and after
    (False, True): "Newly right",
    (True, False): "Newly wrong",
    (False, False): "Wrong before and after",
    (True, True): "Right before and after",
}


@dataclass(frozen=True)
class Kind:
    """Images that went the same way. n_control: how many of them the control gets right; pictures: address, class."""

    title: str
    n: int
    n_control: int | None
    is_wrong: bool
    pictures: tuple[tuple[str, str], ...]


def page(request: HttpRequest, study: Study) -> dict[str, Any]:
    """Show a task's group, with people's best phrase by error score or with a correction of the task's base model.

    Default: the first task, and its worst group.
    """
    task = get_object_or_404(study.tasks.with_base_models(), position=row_number(request.GET.get("task", "1")))
    correction, best = _correction(request, study), _best_phrase(study, task)
    base_model = correction.base_model if correction else task.base_model
    group = request.GET.get("group", base_model.worst_group_name)
    if group not in base_model.dataset.group_names:
        raise Http404
    context = {"base_model": base_model, "group": group, "correction": correction, "kinds": [], "failure": ""}
    try:
        owner = f"user:{request.user.pk}"
        if correction:
            context["kinds"] = corrected_images(owner, correction, group)
        elif best is not None and (run := best.score.run) is not None:
            context["kinds"] = _images_of_run(owner, base_model, run, group)
    except (ModelingError, OSError) as error:
        context["failure"] = str(error)
    return {**context, "words": best and words_of_phrase(best)}


def _correction(request: HttpRequest, study: Study) -> Correction | None:
    if "correction" not in request.GET:
        return None
    trained = study.corrections.counted().filter(state=JobState.DONE).select_related("base_model__dataset")
    return get_object_or_404(trained, pk=row_number(request.GET["correction"]))


def _best_phrase(study: Study, task: Task) -> Phrase | None:
    """The phrase with the highest error score of all that count and were retrained with, the earliest of tied ones."""
    phrases = Phrase.objects.exclude(moderation=Moderation.EXCLUDED).filter(
        assignment__session__in=study.sessions.in_results(people_kind(study)),
        assignment__task=task,
        score__run__state=RunState.DONE,
    )
    best = phrases.order_by("-score__value", "submitted_at", "id")
    return best.select_related("score__run__control").first()


def corrected_images(owner: str, correction: Correction, group: str, shown: int = _SHOWN) -> list[Kind]:
    """Return a group's images by what the base model and a correction make of them, in the order of `_KINDS`.

    Raises ModelingError, OSError.
    """
    rows, _ = _rows(correction.base_model, group)
    features = correction.base_model.dataset.files.array("features")[rows]
    after = Head.from_bytes(bytes(correction.head)).predict(features)
    return list(_kinds(owner, correction.base_model, rows, after, None, correction.pk, shown))


def _images_of_run(owner: str, base_model: BaseModel, run: Run, group: str) -> list[Kind]:
    rows, places = _rows(base_model, group)
    control = unpack_int32(run.control.test_predictions)[places] if run.control else None
    after = unpack_int32(run.test_predictions)[places]
    return list(_kinds(owner, base_model, rows, after, control, run.pk, _SHOWN))


def _rows(base_model: BaseModel, group: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a group's test images of which the base model has a prediction: rows, and places among all test images."""
    files = base_model.dataset.files
    rows, number = files.rows(Split.TEST), list(base_model.dataset.group_names).index(group)
    places = np.flatnonzero((files.groups[rows] == number) & (base_model.predicted[rows] != BaseModel.NO_PREDICTION))
    return rows[places], places


def _kinds(
    owner: str,
    base_model: BaseModel,
    rows: NDArray[np.int64],
    after: NDArray[np.integer],
    control: NDArray[np.integer] | None,
    seed: int,
    shown: int,
) -> Iterator[Kind]:
    """Yield images by what the base model and another make of them. after, control: predictions of the rows, int[n]."""
    dataset, files = base_model.dataset, base_model.dataset.files
    labels, before = files.labels[rows], base_model.predicted[rows]
    for (was_right, is_right), title in _KINDS.items():
        places = np.flatnonzero(((before == labels) == was_right) & ((after == labels) == is_right))
        chosen = places[sample(len(places), shown, 0, (seed,))]
        keys = (files.image_keys[row].decode() for row in rows[chosen])
        called = (str(dataset.class_names[label]) for label in after[chosen])
        pictures = tuple(zip((thumbnail_url(owner, dataset.pk, key) for key in keys), called, strict=True))
        n_control = None if control is None else int((control == labels)[places].sum())
        yield Kind(title, len(places), n_control, not is_right, pictures)
