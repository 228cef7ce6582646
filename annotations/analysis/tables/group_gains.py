"""What people's words do to each named group of test images, beside the same retraining without words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from annotations.analysis.observations.person_tasks import WITHOUT_RUN, Basis, PersonTask
from annotations.analysis.observations.study_rows import GroupRuns, TaskFacts
from annotations.analysis.statistics.estimate_types import Estimate
from annotations.analysis.statistics.estimates import estimate
from annotations.base.tables.columns import Table
from annotations.base.tables.worded_tables import worded


@dataclass(frozen=True)
class GroupGain:
    """One named group of a task. Accuracies on test in [0, 1].

    is_worst: whether the base model gets it wrong most often, or of imported predictions the control, since any
    retraining gives these a new last layer. gain: of retraining with words over the control, over people by intention
    to treat. worst_after: for how many people's words it is the worst group after retraining.
    """

    task: int
    class_name: str
    group: str
    is_worst: bool
    base_model: float
    control: float
    gain: Estimate
    worst_after: int

    @property
    def with_words(self) -> float:
        """Mean accuracy over people after retraining with their words."""
        return self.control + (self.gain.mean or 0.0)

    @property
    def loss(self) -> float:
        """What it loses by this against the base model; negative where it gains."""
        return self.base_model - self.with_words


GROUP_GAINS: Table[GroupGain] = worded(__package__, "group_gains")


def group_gains(
    tasks: Iterable[TaskFacts], groups: Mapping[int, GroupRuns], people: Iterable[PersonTask]
) -> Iterator[GroupGain]:
    """Yield the rows of `GROUP_GAINS`; none of a task where the accuracies of somebody's run are not known by group.

    Groups without test images are left out. groups: the runs of everybody's best phrase, by the task's position.
    """
    basis = Counter((row.task, row.basis) for row in people)
    for task in tasks:
        of = groups.get(task.position)
        if of is None or len(of.gains) != basis[task.position, Basis.RUN]:
            continue
        base = np.array([share for _, share in task.groups], np.float64)
        worst = int(np.nanargmin(of.control if task.is_imported else base))
        unchanged = [0.0] * sum(basis[task.position, each] for each in WITHOUT_RUN)
        after = Counter(int(np.nanargmin(of.control + gains)) for gains in of.gains)
        for group in np.flatnonzero(~np.isnan(of.control)).tolist():
            gain = estimate([*(float(gains[group]) for gains in of.gains), *unchanged])
            name, measured = task.groups[group][0], (float(base[group]), float(of.control[group]), gain)
            yield GroupGain(task.position, task.class_name, name, group == worst, *measured, after[group])
