"""Means over people with their intervals, and comparisons of conditions and of tasks: estimates.csv and its like."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.statistics.estimate_types import SEED
from annotations.analysis.tables.comparison_columns import CONDITIONS, PAIRED, TOTALS, Compared
from annotations.analysis.tables.comparisons import compare_conditions, compare_tasks
from annotations.analysis.tables.totals import totals
from annotations.exports.rebuild.release_tables import Release
from annotations.exports.rebuild.report import Report, as_table, with_rooms
from annotations.exports.rebuild.run_accuracies import TaskAccuracies
from annotations.tables.columns import Table


def rebuild_means(
    release: Release, report: Report, people: Sequence[PersonTask], found: Mapping[int, TaskAccuracies]
) -> pd.DataFrame:
    """Compare estimates.csv; return its rows."""
    theirs = release.csv("estimates")
    methods = release.csv("baselines").set_index("task")  # of tasks without lowest tables
    bases = methods.worst_group_accuracy[methods.method.eq("base_model")].to_dict()
    again = {task: of.base["worst_group_accuracy"] for task, of in found.items() if of.base}
    of_tasks = {task: again.get(task, bases.get(task)) for task in theirs.task.unique()}
    primary = set(theirs.measure[theirs.is_primary.astype(bool)])

    def of_draws(draws: int) -> pd.DataFrame:
        return as_table(TOTALS, totals(of_tasks, people, primary, SEED + draws))

    mine = with_rooms(of_draws, "bca_low", "bca_high")
    key = ["task", "measure", "over"]
    report.compare("estimates", key, mine, theirs, [each for each in TOTALS.header if each not in (*key, "is_primary")])
    return mine


_KEY = ["measure", "over", "first", "second"]


def _differences(
    definition: Table[Compared], people: Sequence[PersonTask], names: Sequence[str], primary: set[str], draws: int
) -> pd.DataFrame:
    if definition is CONDITIONS:
        return as_table(definition, compare_conditions(people, names, primary, SEED + draws))
    titles = {int(title.partition(".")[0]): title for title in names}  # a task's title begins with its number
    return as_table(definition, compare_tasks(people, titles, primary, SEED + draws))


def rebuild_differences(release: Release, report: Report, people: Sequence[PersonTask]) -> None:
    """Compare both tables by Welch's and Student's t."""
    for definition in (CONDITIONS, PAIRED):
        theirs = release.csv(definition.name)
        names = list(dict.fromkeys([*theirs["first"], *theirs["second"]]))
        primary = set(theirs.measure[theirs.is_primary.astype(bool)])
        mine = with_rooms(partial(_differences, definition, people, names, primary), "permutation_p")
        columns = [each for each in definition.header if each not in (*_KEY, "is_primary")]
        report.compare(definition.name, _KEY, mine, theirs, columns)
