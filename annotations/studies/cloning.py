"""Cloning a study: all that was set up, and nothing of what people did."""

from collections.abc import Collection, Mapping
from itertools import count

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from annotations.base.service_errors import NotPossible, only_valid
from annotations.datasets.base_models import store_part
from annotations.datasets.class_images import class_images
from annotations.log import audit
from annotations.models import BaseModel, Study, StudyState
from annotations.models.study import CODES, OF_THE_ROW, new_code
from annotations.models.study_texts import MAX_TITLE_LENGTH

# What belongs to one study alone. A clone is another study on Prolific: its people get other pseudonyms, and its codes
# are others, or somebody could hand in at one study what was given out at the other, and both records would agree.
_ITS_OWN = {"slug", "title", "external_study_id", *CODES, *OF_THE_ROW}


@transaction.atomic
def clone_study(study: Study, *, slug: str, title: str, by: str) -> Study:
    """Return a new draft with the study's settings, tasks, conditions and members, and a new code where it has one.

    Raises NotPossible for a slug that is taken or none.
    """
    settings = {
        field.name: getattr(study, field.name) for field in Study._meta.concrete_fields if field.name not in _ITS_OWN
    }
    codes = {name: new_code() for name in CODES if getattr(study, name)}
    clone = Study(**settings, **codes, slug=slug, title=title, state=StudyState.DRAFT, cloned_from=study)
    with only_valid(names_fields=True):
        clone.full_clean()
    clone.save()
    for rows in (study.tasks.order_by("position"), study.conditions.order_by("position"), study.members.order_by("pk")):
        for row in rows:
            row.pk, row.study, row._state.adding = None, clone, True
            row.save()
    audit.record("study_cloned", clone, by=by, source=study.slug)
    return clone


def free_slug(start: str) -> str:
    """Return a slug that no study has: `start`, or with a number behind it."""
    for number in count(1):
        slug = start if number == 1 else f"{start}-{number}"
        taken = BaseModel.objects.filter(name__endswith=f"({slug})")  # of a draft that was deleted
        if not Study.objects.filter(slug=slug).exists() and not taken.exists():
            return slug
    raise AssertionError("numbers do not end")


_TITLE = ": what nobody has named yet"


@transaction.atomic
def study_unnamed(study: Study, unnamed: Mapping[int, Collection[str]], *, by: str) -> Study:
    """Return a new draft like a study, of its tasks with unnamed images, which shows these beside the right ones.

    unnamed: keys of the wrong images that no concept selects, by the position of the task. Raises NotPossible.
    """
    positions = [position for position, keys in unnamed.items() if keys]
    if not positions:
        raise NotPossible("Concepts already select every wrong image, so a study would have no images to show.")
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
