"""What words do to each named group: by intention to treat, without groups that have no test images."""

import numpy as np
import pytest
from scipy import stats

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.observations.study_rows import GroupRuns, TaskFacts
from annotations.analysis.tables.measure_columns import GroupGain
from annotations.analysis.tables.study_tables import group_gains

GROUPS = (("red", 0.25), ("blue", 0.9), ("green", None))


def facts(*, is_imported: bool = False) -> TaskFacts:
    return TaskFacts(1, "square", "sprites", "base", is_imported, 0.25, 0.5, 0.6, (), (), GROUPS)


def person(name: str, basis: Basis) -> PersonTask:
    return PersonTask(name, 1, None, 1, 1, 0.6, "red", None, None, None, None, None, basis=basis)


RUN, REFUSED, PENDING = (person(basis, basis) for basis in (Basis.RUN, Basis.REFUSED, Basis.PENDING))
PEOPLE = [RUN, RUN, REFUSED, PENDING]


def runs() -> GroupRuns:
    control = np.array([0.5, 0.8, np.nan])
    return GroupRuns(control, [np.array([0.2, -0.2, np.nan]), np.array([0.4, -0.6, np.nan])])


def gains(people: list[PersonTask], *, is_imported: bool = False) -> list[GroupGain]:
    return list(group_gains([facts(is_imported=is_imported)], {1: runs()}, people))


def test_a_refused_phrase_counts_as_no_gain_and_a_pending_one_not_at_all() -> None:
    red, blue = gains(PEOPLE)
    assert (red.group, red.is_worst, red.base_model, red.control, red.gain.n) == ("red", True, 0.25, 0.5, 3)
    assert (red.gain.mean, red.with_words) == pytest.approx((0.2, 0.7))
    expected = stats.t.interval(0.95, 2, 0.2, stats.sem([0.0, 0.2, 0.4]))
    assert (red.gain.low, red.gain.high) == pytest.approx(expected)
    assert (blue.base_model, blue.gain.mean, blue.with_words) == pytest.approx((0.9, -0.8 / 3, 0.8 - 0.8 / 3))


def test_a_group_of_which_no_prediction_was_imported_has_no_accuracy_before() -> None:
    others = {1: GroupRuns(np.array([0.5, 0.8, 0.7]), [np.array([0.2, 0.0, 0.0])])}
    rows = list(group_gains([facts(is_imported=True)], others, [RUN]))
    assert [row.base_model for row in rows] == [0.25, 0.9, None]


def test_the_group_that_is_worst_after_retraining_is_counted_by_people() -> None:
    assert [row.worst_after for row in gains(PEOPLE)] == [
        0,
        2,
    ]  # .7 and .6 with the first's words, .9 and .2 with the second's


def test_of_imported_predictions_the_control_says_which_group_is_worst() -> None:
    others = {1: GroupRuns(np.array([0.8, 0.5, np.nan]), [np.array([0.0, 0.1, np.nan])])}
    rows = list(group_gains([facts(is_imported=True)], others, [RUN]))
    assert [(row.group, row.is_worst) for row in rows] == [("red", False), ("blue", True)]


def test_nothing_is_said_where_the_groups_of_somebodys_run_are_not_known() -> None:
    assert gains([RUN, RUN, RUN]) == []
