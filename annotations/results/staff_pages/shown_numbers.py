"""A study's tables as its pages show them: what stands beside each other adds up (decision 112)."""

from dataclasses import replace

from annotations.analysis.statistics.estimate_types import tenths
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.keyword_splits import PeopleLessMachine
from annotations.analysis.tables.measure_columns import GroupGain, Total

_OFF = 0.0016  # what rounding two numbers and their sum can make of a sum, at most


def shown(tables: StudyTables) -> StudyTables:
    """Return tables with mean gains, and what stands beside them, in whole tenths of a point.

    A mean gain and the control are each rounded, and the accuracy with words is their sum; a difference of people and
    machine is that of the two as they are shown. Files have the exact numbers.
    """
    controls = {task.position: task.control_worst_group for task in tables.tasks}
    gains = {(row.task, row.over): row.estimate.mean for row in tables.totals.rows if row.measure == "own_gain"}

    def total(row: Total) -> Total:
        mean, gain, control = row.estimate.mean, gains.get((row.task, row.over)), controls.get(row.task)
        if row.measure != "worst_group_accuracy" or mean is None or gain is None or control is None:
            return row
        added = tenths(control) + tenths(gain)
        is_sum = abs(added - mean) <= _OFF  # otherwise the gain is over other people
        return replace(row, estimate=replace(row.estimate, mean=added)) if is_sum else row

    return replace(
        tables,
        totals=replace(tables.totals, rows=tuple(map(total, tables.totals.rows))),
        group_gains=replace(tables.group_gains, rows=tuple(map(_group, tables.group_gains.rows))),
        less_machine=replace(tables.less_machine, rows=tuple(map(_less, tables.less_machine.rows))),
    )


def _group(row: GroupGain) -> GroupGain:
    base = None if row.base_model is None else tenths(row.base_model)
    gain = replace(row.gain, mean=tenths(row.gain.mean or 0.0))
    return replace(row, base_model=base, control=tenths(row.control), gain=gain)


def _less(row: PeopleLessMachine) -> PeopleLessMachine:
    return replace(row, difference=tenths(row.people) - tenths(row.machine))
