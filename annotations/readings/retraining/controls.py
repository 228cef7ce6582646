"""The controls of tasks: what retraining without a phrase gives."""

from collections.abc import Sequence

from annotations.models import Control, Task


def control_worst_groups(tasks: Sequence[Task]) -> dict[int, float | None]:
    """Return the worst-group accuracy of each task's control by the task's position, None until it is trained.

    All runs of a task have its class, its base model's λ and its study's scheme, so they share one control.
    """
    datasets = {task.base_model.dataset_id for task in tasks}
    controls = Control.objects.filter(dataset__in=datasets)
    rows = controls.values_list("dataset_id", "target_classes", "scheme", "l2", "worst_group_accuracy")
    known: dict[tuple[object, ...], float] = {
        (dataset, tuple(classes), *how): accuracy for dataset, classes, *how, accuracy in rows
    }
    return {
        task.position: known.get(
            (task.base_model.dataset_id, (task.target_class,), task.study.scheme, task.base_model.l2)
        )
        for task in tasks
    }
