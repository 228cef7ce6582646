"""What runs do to each group of the test images beside their control, read for many people's best phrases at once."""

from collections.abc import Collection, Sequence

import numpy as np

from annotations.analysis.observations.study_rows import GroupRuns
from annotations.models import RunState, Score

_AT_ONCE = 2_000


def group_runs(scores: Sequence[int], tasks: Collection[int]) -> dict[int, GroupRuns]:
    """Return the runs of the scores by the position of their task, of some tasks."""
    read: dict[int, GroupRuns] = {}
    for start in range(0, len(scores), _AT_ONCE):
        for task, reached, control in _rows(scores[start : start + _AT_ONCE], tasks):
            of_task = read.setdefault(task, GroupRuns(np.array(control, np.float64)))
            of_task.gains.append(np.array(reached, np.float64) - of_task.control)
    return read


def _rows(scores: Sequence[int], tasks: Collection[int]) -> list[tuple[int, list[float | None], list[float | None]]]:
    task = "phrase__assignment__task__position"
    trained = Score.objects.filter(
        pk__in=scores,
        phrase__assignment__task__position__in=list(tasks),
        run__state=RunState.DONE,
        run__group_accuracies__isnull=False,
        run__control__isnull=False,
    )
    return list(trained.order_by("pk").values_list(task, "run__group_accuracies", "run__control__group_accuracies"))
