"""What runs do to each group of the test images beside their control, read for many people's best phrases at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.statistics.estimate_types import Estimate
from annotations.models import RunState, Score

_AT_ONCE = 2_000


@dataclass(frozen=True)
class GroupGains:
    """A task's named group that is got wrong most often, and the other one that loses most by people's words.

    Test accuracies in [0, 1], means over people by intention to treat. Which group it is the base model says, or of
    imported predictions the control, a new last layer. base, control: theirs on it. gain: people's own gains on it.
    loss: of `loser` against the control, 0 or below where no other group loses; None without another group.
    """

    task: int
    name: str
    base: float | None
    control: float
    gain: Estimate
    loser: str = ""
    loss: float | None = None


@dataclass
class GroupRuns:
    """The runs of one task: what each adds to its control, summed, float64[groups], nan of an empty one.

    control: its accuracies. worst: the group of which the gains are also kept one by one, as `of_worst`.
    """

    control: NDArray[np.float64]
    worst: int
    gains: NDArray[np.float64]
    of_worst: list[float] = field(default_factory=list)


def group_runs(scores: Sequence[int], worst: Mapping[int, int | None]) -> dict[int, GroupRuns]:
    """Return the runs of the scores by the position of their task, of the tasks in `worst`.

    worst: the group of which gains are kept one by one; None: the control's own worst one.
    """
    read: dict[int, GroupRuns] = {}
    for start in range(0, len(scores), _AT_ONCE):
        for task, reached, control in _rows(scores[start : start + _AT_ONCE], worst):
            if task not in read:
                without = np.array(control, np.float64)
                kept = worst[task]
                read[task] = GroupRuns(without, int(np.nanargmin(without)) if kept is None else kept, without * 0)
            of_task = read[task]
            gains = np.array(reached, np.float64) - of_task.control
            of_task.gains += gains
            of_task.of_worst.append(float(gains[of_task.worst]))
    return read


def _rows(scores: Sequence[int], tasks: Iterable[int]) -> list[tuple[int, list[float | None], list[float | None]]]:
    task = "phrase__assignment__task__position"
    trained = Score.objects.filter(
        pk__in=scores,
        phrase__assignment__task__position__in=list(tasks),
        run__state=RunState.DONE,
        run__group_accuracies__isnull=False,
        run__control__isnull=False,
    )
    return list(trained.order_by("pk").values_list(task, "run__group_accuracies", "run__control__group_accuracies"))
