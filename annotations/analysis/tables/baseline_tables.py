"""What people stand beside on a task: other methods on the same images."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import spread
from annotations.base.tables.columns import Table, worded


@dataclass(frozen=True)
class Method:
    """A method beside the people, on the same test images. n: classifiers, or experts, that mean and sd are over."""

    task: int
    key: str
    name: str
    given: str
    n: int
    over: str
    worst_group: float | None
    worst_group_sd: float | None = None
    worst_group_low: float | None = None
    worst_group_high: float | None = None
    average: float | None = None
    left_out: str = ""


METHODS: Table[Method] = worded(__package__, "baselines")

_OF_BENCHMARK = {each.name for each in fields(Method)} - {"task", "key"}


def methods(tasks: Iterable[TaskFacts], experts: tuple[PersonTask, ...]) -> Iterator[Method]:
    """Yield the rows of `METHODS`; experts: what each of them reached."""
    for task in tasks:
        place, one = task.position, ("Labels", 1, "one classifier")
        shown, control = f"Base model shown ({task.base_model})", f"{task.control_name} (no phrase)"
        yield Method(place, "base_model", shown, *one, task.base_worst_group, average=task.base_average)
        if task.control_worst_group is not None:
            yield Method(place, "control", control, *one, task.control_worst_group)
        for row in task.benchmark:
            values: dict[str, Any] = {name: row.get(name) for name in _OF_BENCHMARK}
            yield Method(place, row["method"], **values)
        of_task = spread(row.run_worst_group for row in experts if row.task == place)
        if of_task.n:
            given = "Labels, Text Feedback"
            yield Method(place, "experts", "Phrases of experts", given, of_task.n, "experts", of_task.mean, of_task.sd)
