"""What people stand beside on a task: other methods on the same images."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import spread
from annotations.tables.columns import Count, Number, Share, Table, Text
from annotations.tables.shared import TASK, field


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
    worst_group_sd: float | None
    average: float | None
    left_out: str
    worst_group_low: float | None = None
    worst_group_high: float | None = None


METHODS: Table[Method] = Table(
    "baselines.csv",
    "one row per task and method that the people stand beside, measured on the same test images",
    "by task, then as the methods stand",
    (
        TASK,
        Text("method", "key of the method, as manage.py benchmark names it", field("key")),
        Text("name", "the method"),
        Text("given", "what it is given beside the images"),
        Count("n", "classifiers, or experts, in the mean"),
        Text("over", "what mean and sd are over"),
        Share("worst_group_accuracy", "on test, mean", field("worst_group")),
        Number("worst_group_accuracy_sd", "sample standard deviation", field("worst_group_sd"), unit="share"),
        Share(
            "worst_group_accuracy_low",
            "of the mean for other test images: lower end of its 95% interval",
            field("worst_group_low"),
            computed="bootstrap of the test images within groups, the worst group found again each time",
        ),
        Share("worst_group_accuracy_high", "upper end of it", field("worst_group_high")),
        Share("average_accuracy", "on test, weighted by the groups' train counts", field("average")),
        Text("left_out", "why there are no figures"),
    ),
)


def methods(tasks: Iterable[TaskFacts], experts: tuple[PersonTask, ...]) -> Iterator[Method]:
    """Yield the rows of `METHODS`; experts: what each of them reached."""
    for task in tasks:
        yield Method(
            task.position, "base_model", f"Base model shown ({task.base_model})", "Labels", 1, "one classifier",
            task.base_worst_group, None, task.base_average, "",
        )  # fmt: skip
        if task.control_worst_group is not None:
            yield Method(
                task.position, "control", f"{task.control_name} (no phrase)", "Labels", 1, "one classifier",
                task.control_worst_group, None, None, "",
            )  # fmt: skip
        for row in task.benchmark:
            yield Method(
                task.position, row["method"], row["name"], row["given"], row["n"], row["over"],
                row["worst_group"], row["worst_group_sd"], row["average"], row["left_out"],
                row.get("worst_group_low"), row.get("worst_group_high"),
            )  # fmt: skip
        of_task = spread(row.run_worst_group for row in experts if row.task == task.position)
        if of_task.n:
            yield Method(
                task.position, "experts", "Phrases of experts", "Labels, Text Feedback", of_task.n, "experts",
                of_task.mean, of_task.sd, None, "",
            )  # fmt: skip
