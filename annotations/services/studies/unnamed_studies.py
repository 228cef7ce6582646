"""Studies of what another study left unnamed: its draft again, whose tasks show no wrong image that a concept selects.

A task shows the images that its base model has a prediction for, so the draft's base models are those of the study
without the others (decision 0064).
"""

from collections.abc import Collection, Mapping

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.models import BaseModel, Study
from annotations.models.study_texts import MAX_TITLE_LENGTH
from annotations.readings.datasets.class_images import class_images
from annotations.services.common.service_errors import NotPossible
from annotations.services.datasets.base_models import store_part
from annotations.services.studies.cloning import clone_study, free_slug

_TITLE = ": what nobody has named yet"


@transaction.atomic
def study_unnamed(study: Study, unnamed: Mapping[int, Collection[str]], *, by: str) -> Study:
    """Return a new draft like a study, of its tasks with unnamed images, which shows these beside the right ones.

    unnamed: keys of the wrong images that no concept selects, by the position of the task. Raises NotPossible.
    """
    positions = [position for position, keys in unnamed.items() if keys]
    if not positions:
        raise NotPossible("Every wrong image is selected by a concept already, so there is nothing to look at again.")
    title = study.title[: MAX_TITLE_LENGTH - len(_TITLE)] + _TITLE
    draft = clone_study(study, slug=free_slug(f"{study.slug[:36]}-unnamed"), title=title, by=by)
    draft.tasks.exclude(position__in=positions).delete()
    for base_model in BaseModel.objects.filter(tasks__study=draft).select_related("dataset").distinct():
        tasks = draft.tasks.filter(base_model=base_model)
        named = [_named(base_model, task.target_class, unnamed[task.position]) for task in tasks]
        name = f"{base_model.name[: 57 - len(draft.slug)]} ({draft.slug})"
        part = store_part(base_model, np.concatenate(named), name=name)
        tasks.update(base_model=part, keywords="")  # those were ranked on all errors
    return draft


def _named(base_model: BaseModel, target_class: int | None, unnamed: Collection[str]) -> NDArray[np.int64]:
    """Rows of the class's wrong images that a concept selects."""
    assert target_class is not None, "a task with concepts has a class"
    images = class_images(base_model, target_class)
    wrong: NDArray[np.int64] = images.rows[images.is_error]
    keys = base_model.dataset.files.image_keys[wrong]
    return wrong[~np.isin(keys, [key.encode() for key in unnamed])]
