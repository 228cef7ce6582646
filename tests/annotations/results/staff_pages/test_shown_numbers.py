"""Numbers that pages show beside each other add up, and none is further from the exact one than rounding makes it."""

from dataclasses import replace

import numpy as np
import pytest

from annotations.analysis.statistics.estimate_types import tenths
from annotations.analysis.tables.estimands import Over
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.models import BaseModel
from annotations.pages.number_formats import percent, points
from annotations.pages.worth_figure import GroupLine
from annotations.results.latest_results import latest
from annotations.results.staff_pages.shown_numbers import shown
from annotations.runs.accuracy_changes import Change
from tests.annotations.results.staff_pages.test_answer_sheet import duel
from tests.annotations.results.staff_pages.test_findings import by_group, said_by, train_control
from tests.support.analysis_studies import analyse, tell, two_tasks


def written(share: float) -> int:
    """A share or a gain as it is written, in tenths of a point."""
    return round(10 * float(percent(share).removesuffix("%")))


@pytest.fixture
def tables(stored_base_model: BaseModel) -> StudyTables:
    study = two_tasks(stored_base_model)
    tell(study, said_by(6))
    train_control(stored_base_model)
    by_group([0.5, 0.9, None, 0.8], [0.75, 0.85, None, 0.81])
    results = latest(analyse(study)).results
    assert results is not None
    return results.tables


@pytest.mark.parametrize("seed", range(20))
def test_the_accuracy_with_words_is_the_control_and_the_gain_as_they_are_shown(tables: StudyTables, seed: int) -> None:
    rng = np.random.default_rng(seed)
    control, gain, base = rng.random(), 0.3 * rng.random(), rng.random()
    mean = {"own_gain": gain, "worst_group_accuracy": control + gain}
    totals = [replace(row, estimate=replace(row.estimate, mean=mean.get(row.measure))) for row in tables.totals.rows]
    groups = [
        replace(row, base_model=base, control=control, gain=replace(row.gain, mean=gain))
        for row in tables.group_gains.rows
    ]
    page = shown(
        replace(
            tables,
            tasks=tuple(replace(task, control_worst_group=control) for task in tables.tasks),
            totals=replace(tables.totals, rows=totals),
            group_gains=replace(tables.group_gains, rows=groups),
        )
    )
    of = {(row.measure, row.over): row.estimate.mean or 0.0 for row in page.totals.rows}
    reached, own = (of[measure, Over.ALLOCATED] for measure in ("worst_group_accuracy", "own_gain"))
    assert written(page.tasks[0].control_worst_group or 0.0) + written(own) == written(reached)
    assert abs(reached - control - gain) < 0.0011 and own == gain
    for row in page.group_gains.rows:
        line = GroupLine.of(row.group, row.base_model, row.control, row.gain, "")
        _, without, with_words = (round(10 * float(share)) for share in line.accuracies.split(" → "))
        assert round(10 * float(line.gain)) == with_words - without == written(gain)


def test_people_less_machine_is_the_difference_of_the_two_as_they_are_shown(tables: StudyTables) -> None:
    of = duel(-0.05, -0.0218, 0.01).gain
    assert of is not None
    of = replace(of, people=0.1896, machine=0.2114)
    (row,) = shown(replace(tables, less_machine=replace(tables.less_machine, rows=(of,)))).less_machine.rows
    assert (points(row.people), points(row.machine), points(row.difference)) == ("+19.0", "+21.1", "−2.1")


@pytest.mark.parametrize("seed", range(20))
def test_what_a_correction_gains_is_the_difference_of_the_accuracies_beside_it(seed: int) -> None:
    before, control, after = (np.random.default_rng(seed).integers(0, 801, 3) / 800).tolist()
    change = Change(before, after, 800, control)
    assert written(before) + written(change.difference or 0.0) == written(after)
    assert written(control) + written(change.own_gain or 0.0) == written(after)


def test_tenths_are_as_percentages_are_written() -> None:
    for share in np.arange(801) / 800:
        assert percent(tenths(share)) == percent(share)
