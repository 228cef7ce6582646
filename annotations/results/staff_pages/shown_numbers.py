"""A study's tables as its pages show them: what stands beside each other adds up (decision 112)."""

from dataclasses import replace
from typing import Any

from annotations.analysis.statistics.estimate_types import Estimate, tenths
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.filled_tables import FilledTable, StudyTables
from annotations.analysis.tables.keyword_splits import PeopleLessMachine
from annotations.analysis.tables.measure_columns import GroupGain, Total

_OFF = 0.0016  # what rounding two numbers and their sum can make of a sum, at most


def shown(tables: StudyTables) -> StudyTables:
    """Return tables with accuracies and gains in whole tenths of a point.

    A mean gain and the control are each rounded, and the accuracy with words is their sum; a difference of people and
    machine is that of the two as they are shown. Files have the exact numbers.
    """
    facts = [
        replace(
            task,
            base_worst_group=tenths(task.base_worst_group),
            control_worst_group=None if task.control_worst_group is None else tenths(task.control_worst_group),
        )
        for task in tables.tasks
    ]
    control = {task.position: task.control_worst_group for task in facts}
    gains = {(row.task, row.over): row.estimate.mean for row in tables.totals.rows if row.measure == "own_gain"}
    totals = [_total(row, control.get(row.task), gains.get((row.task, row.over))) for row in tables.totals.rows]
    return replace(
        tables,
        tasks=tuple(facts),
        totals=_filled(tables.totals, totals),
        group_gains=_filled(tables.group_gains, [_group(row) for row in tables.group_gains.rows]),
        less_machine=_filled(tables.less_machine, [_less(row) for row in tables.less_machine.rows]),
    )


def _filled(of: FilledTable[Any], rows: list[Any]) -> FilledTable[Any]:
    return replace(of, rows=tuple(rows))


def _total(row: Total, control: float | None, gain: float | None) -> Total:
    mean = row.estimate.mean
    if row.measure != "worst_group_accuracy" or row.over not in (Over.ALLOCATED, Over.WITH_RUN) or mean is None:
        return row
    if control is None or gain is None or abs(control + gain - mean) > _OFF:
        return row  # over other people than the gain
    return replace(row, estimate=replace(row.estimate, mean=control + tenths(gain)))


def _group(row: GroupGain) -> GroupGain:
    base = None if row.base_model is None else tenths(row.base_model)
    return replace(row, base_model=base, control=tenths(row.control), gain=_in_tenths(row.gain))


def _in_tenths(of: Estimate) -> Estimate:
    return of if of.mean is None else replace(of, mean=tenths(of.mean))


def _less(row: PeopleLessMachine) -> PeopleLessMachine:
    return replace(row, difference=tenths(row.people) - tenths(row.machine))
