"""Many tasks at once in a draft: one for each of a list of classes of a base model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max, ProtectedError

from annotations.base.service_errors import NotPossible, only_valid
from annotations.datasets.class_images import classes_with_errors
from annotations.log import audit
from annotations.models import BaseModel, Study, StudyState, Task
from annotations.studies import lifecycle

MOST = 1_000  # tasks of one study


@dataclass(frozen=True)
class Added:
    """How many tasks were added, and how many classes of the list had one before."""

    new: int
    known: int


@transaction.atomic
def add(study: Study, base_model: BaseModel, names: Sequence[str] = (), *, by: str, **fields: Any) -> Added:
    """Add a task for each class of a list, after those that are there; a class that has one is left as it is.

    names: of the classes, in their order; none: every class with wrong and right validation images, the worst first.
    fields: other fields of Task, the same for all. Raises NotPossible for names that the data set does not have,
    for limits that are not right, for more than MOST tasks, and where the study is no draft.
    """
    _draft(study)
    wanted = _numbers(base_model, names) if names else classes_with_errors(base_model)
    if not wanted:
        raise NotPossible(
            f"{base_model} has no class with wrong and right validation images. Choose another base model."
        )
    known = set(study.tasks.filter(base_model=base_model).values_list("target_class", flat=True))
    new = [number for number in wanted if number not in known]
    if study.tasks.count() + len(new) > MOST:
        raise NotPossible(f"A study has at most {MOST:,} tasks. Split the list over several studies.")
    last = study.tasks.aggregate(last=Max("position"))["last"] or 0
    tasks = [
        Task(study=study, position=position, base_model=base_model, target_class=number, **fields)
        for position, number in enumerate(new, start=last + 1)
    ]
    for task in tasks[:1]:  # the same limits for all
        with only_valid():
            task.full_clean()
    Task.objects.bulk_create(tasks)
    if new:
        lifecycle.revise(study, by=by)
        audit.record("classes_added", study, by=by, base_model=str(base_model), tasks=len(new))
    return Added(len(new), len(wanted) - len(new))


@transaction.atomic
def remove(study: Study, positions: Sequence[int] | None = None, *, by: str) -> int:
    """Take tasks out of a draft by their numbers, None for all; the others keep theirs. Returns how many went.

    Raises NotPossible where previews or rehearsals used one, and where the study is no draft.
    """
    _draft(study)
    tasks = study.tasks.all() if positions is None else study.tasks.filter(position__in=positions)
    n = tasks.count()
    try:
        tasks.delete()
    except ProtectedError as error:
        raise NotPossible(
            "Previews or simulated participants used one of these tasks. Discard their visits first, under "
            "“Rehearse and preview”."
        ) from error
    if n:
        lifecycle.revise(study, by=by)
        audit.record("classes_removed", study, by=by, tasks=n)
    return n


def _draft(study: Study) -> None:
    if Study.objects.select_for_update(no_key=True).get(pk=study.pk).state != StudyState.DRAFT:
        raise NotPossible("The study is open, so its tasks cannot be changed. Clone the study to use other tasks.")


def _numbers(base_model: BaseModel, names: Sequence[str]) -> list[int]:
    """Numbers of the classes by their names, each once, in the order given."""
    known = {name: number for number, name in reversed(list(enumerate(base_model.dataset.class_names)))}
    unknown = [name for name in names if name not in known]
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        shown = ", ".join(f"“{name}”" for name in unknown[:5])
        raise NotPossible(f"{base_model.dataset} has no class {shown}{more}. Use the class names of the data set.")
    return list(dict.fromkeys(known[name] for name in names))
