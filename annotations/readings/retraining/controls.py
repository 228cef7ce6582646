"""The controls of tasks: what retraining without a phrase gives."""

from collections.abc import Sequence

from annotations.models import Control, Task
from annotations.readings.retraining.trained_rows import has_many_classes


def control_worst_groups(tasks: Sequence[Task]) -> dict[int, float | None]:
    """Return the worst-group accuracy of each task's control by the task's position, None until it is trained.

    All runs of a task have its class, its base model's λ and its study's scheme, so they share one control.
    """
    datasets = {task.base_model.dataset_id for task in tasks}
    controls = Control.objects.filter(dataset__in=datasets)
    columns = "dataset_id", "target_classes", "scheme", "l2", "base_model_id", "worst_group_accuracy"
    rows = controls.values_list(*columns)
    known: dict[tuple[object, ...], float] = {
        (dataset, tuple(classes), *how): accuracy for dataset, classes, *how, accuracy in rows
    }
    return {task.position: known.get(_key(task)) for task in tasks}


def _key(task: Task) -> tuple[object, ...]:
    shown = task.base_model
    starts_from = shown.pk if has_many_classes(shown) else None
    return shown.dataset_id, (task.target_class,), task.study.scheme, shown.l2, starts_from
