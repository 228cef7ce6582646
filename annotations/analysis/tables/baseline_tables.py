"""What people stand beside on a task: other methods on the same images."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import spread
from annotations.tables.columns import Says, Table, declared
from annotations.tables.shared import COUNT, SHARE, TASK


@dataclass(frozen=True)
class Method:
    """A method beside the people, on the same test images. n: classifiers, or experts, that mean and sd are over."""

    task: Annotated[int, TASK]
    key: Annotated[str, Says("key of the method, as manage.py benchmark names it", name="method")]
    name: Annotated[str, Says("the method")]
    given: Annotated[str, Says("what it is given beside the images")]
    n: Annotated[int, Says("classifiers, or experts, in the mean", **COUNT)]
    over: Annotated[str, Says("what mean and sd are over")]
    worst_group: Annotated[float | None, Says("on test, mean", name="worst_group_accuracy", **SHARE)]
    worst_group_sd: Annotated[
        float | None, Says("sample standard deviation", unit="share", name="worst_group_accuracy_sd")
    ] = None
    worst_group_low: Annotated[
        float | None,
        Says(
            "of the mean for other test images: lower end of its 95% interval",
            computed="bootstrap of the test images within groups, the worst group found again each time",
            name="worst_group_accuracy_low",
            **SHARE,
        ),
    ] = None
    worst_group_high: Annotated[float | None, Says("upper end of it", name="worst_group_accuracy_high", **SHARE)] = None
    average: Annotated[
        float | None, Says("on test, weighted by the groups' train counts", name="average_accuracy", **SHARE)
    ] = None
    left_out: Annotated[str, Says("why there are no figures")] = ""


METHODS: Table[Method] = Table(
    "baselines.csv",
    "one row per task and method that the people stand beside, measured on the same test images",
    "by task, then as the methods stand",
    declared(Method),
)

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
