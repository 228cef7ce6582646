"""What people's words do to each named group of test images, beside the same retraining without words."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from annotations.analysis.observations.person_tasks import WITHOUT_RUN, Basis, PersonTask
from annotations.analysis.observations.study_rows import GroupRuns, TaskFacts
from annotations.analysis.statistics.estimates import estimate
from annotations.analysis.tables.group_gain_columns import GroupGain


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
            (name, share), control = task.groups[group], float(of.control[group])
            yield GroupGain(task.position, task.class_name, name, group == worst, share, control, gain, after[group])
