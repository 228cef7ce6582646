"""Test images of one group, before and after retraining with words: what became right, what became wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from numpy.typing import NDArray

from annotations.datasets.thumbnails import thumbnail_url
from annotations.models import BaseModel, Moderation, Phrase, Run, RunState, Study, Task
from annotations.models.arrays import unpack_int32
from annotations.models.moderated_words import words_of_phrase
from annotations.monitoring.person_courses import people_kind
from annotations.pages.number_formats import row_number
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.common.samples import sample
from clarify_errors.arrays.datasets.dataset_files import Split

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
    """Show a task's group, with people's best phrase by error score. Default: the first task, and its worst group."""
    tasks = study.tasks.with_base_models()
    task = get_object_or_404(tasks, position=row_number(request.GET.get("task", "1")))
    names, group = list(task.base_model.dataset.group_names), request.GET.get("group", task.base_model.worst_group_name)
    if group not in names:
        raise Http404
    best = _best_phrase(study, task)
    context = {"task": task, "group": group, "words": best and words_of_phrase(best), "kinds": [], "failure": ""}
    try:
        if best is not None and (run := best.score.run) is not None:
            of_group = task.base_model, run, names.index(group)
            context["kinds"] = list(_kinds(f"user:{request.user.pk}", *of_group))
    except (ModelingError, OSError) as error:
        context["failure"] = str(error)
    return context


def _best_phrase(study: Study, task: Task) -> Phrase | None:
    """The phrase with the highest error score of all that count and were retrained with, the earliest of tied ones."""
    phrases = Phrase.objects.exclude(moderation=Moderation.EXCLUDED).filter(
        assignment__session__in=study.sessions.in_results(people_kind(study)),
        assignment__task=task,
        score__run__state=RunState.DONE,
    )
    best = phrases.order_by("-score__value", "submitted_at", "id")
    return best.select_related("score__run__control").first()


def _kinds(owner: str, base_model: BaseModel, run: Run, group: int) -> Iterator[Kind]:
    """Yield the images of a group by what the base model and the run make of them. Raises ModelingError, OSError."""
    dataset, files = base_model.dataset, base_model.dataset.files
    rows = files.rows(Split.TEST)
    labels, members = files.labels[rows], files.groups[rows] == group
    before, after = base_model.predicted[rows], unpack_int32(run.test_predictions)
    members &= before != BaseModel.NO_PREDICTION
    control = unpack_int32(run.control.test_predictions) == labels if run.control else None
    for (was_right, is_right), title in _KINDS.items():
        places: NDArray[np.int64] = np.flatnonzero(
            members & ((before == labels) == was_right) & ((after == labels) == is_right)
        )
        chosen = places[sample(len(places), _SHOWN, 0, (run.pk, group))]
        pictures = tuple(
            (
                thumbnail_url(owner, dataset.pk, files.image_keys[rows[place]].decode()),
                str(dataset.class_names[after[place]]),
            )
            for place in chosen
        )
        n_control = None if control is None else int(control[places].sum())
        yield Kind(title, len(places), n_control, not is_right, pictures)
