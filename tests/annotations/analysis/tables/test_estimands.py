"""Whom a mean is over: a study worked by hand, in which people have no phrase, a refused, failed or pending run."""

import numpy as np
import pytest

from annotations.analysis.observations.packed_phrases import by_person
from annotations.analysis.observations.person_tasks import Basis, PersonTask, Times, Tried, person_tasks
from annotations.analysis.tables.estimands import ESTIMANDS, Over, Values
from annotations.analysis.tables.study_tables import compare_conditions
from annotations.analysis.tables.totals import totals

CONTROL = 0.25
# The words of each person, with the accuracy of the run, or why there is none; their best phrase is the first.
SAID: dict[str, list[tuple[str, float | None, Basis]]] = {
    "ann": [("red", 0.75, Basis.RUN), ("dark", 0.875, Basis.RUN)],
    "ben": [("red", 0.5, Basis.RUN)],
    "cem": [("grass", None, Basis.REFUSED), ("dark", 1.0, Basis.RUN)],
    "dora": [],
    "eve": [("red", None, Basis.FAILED)],
    "fay": [("red", None, Basis.PENDING)],
}
TIMES = {
    "ann": Times(60.0, 1.0, 80.0, "done"),
    "ben": Times(30.0, 1.0, 40.0, "done"),
    "cem": Times(None, None, 50.0, "done"),
    "dora": Times(5.0, 0.0, 600.0, "time_over"),
    "fay": Times(9.0, 0.0, None, ""),
}


def people(control: float | None = CONTROL, at_work: tuple[str, ...] = ()) -> tuple[PersonTask, ...]:
    tried = [
        Tried(1, person, text, 0.9 - place / 10, accuracy, 25, 25, place + 1, without_run=basis)
        for person, said in SAID.items()
        for place, (text, accuracy, basis) in enumerate(said)
    ]
    keys, times = [(1, person) for person in SAID], {(1, person): of for person, of in TIMES.items()}
    return person_tasks(keys, by_person(tried), {}, times, {1: control}, [(1, person) for person in at_work])


def of(measure: str, over: Over, rows: tuple[PersonTask, ...] | None = None) -> Values:
    estimand = next(each for each in ESTIMANDS if (each.measure, each.over) == (measure, over))
    return estimand.values(people() if rows is None else rows)


def test_without_a_run_the_own_gain_is_nothing_and_the_accuracy_the_controls() -> None:
    gains, accuracies = of("own_gain", Over.ALLOCATED), of("worst_group_accuracy", Over.ALLOCATED)
    assert gains.present.tolist() == [0.5, 0.25, 0.0, 0.0]
    assert accuracies.present.tolist() == [0.75, 0.5, 0.25, 0.25]
    assert gains.missing == accuracies.missing == ("", "", "", "", "failed", "pending")
    assert np.isnan(gains.values).tolist() == [False, False, False, False, True, True]


def test_the_complete_cases_stand_beside() -> None:
    gains = of("own_gain", Over.WITH_RUN)
    assert gains.present.tolist() == [0.5, 0.25]
    assert gains.missing == ("", "", "refused", "no_phrase", "failed", "pending")


def test_who_is_at_work_without_a_phrase_is_not_known_yet() -> None:
    assert of("own_gain", Over.ALLOCATED, people(at_work=("dora",))).missing[3] == "pending"
    assert people(at_work=("ann",))[0].basis is Basis.RUN


def test_without_a_control_no_accuracy_is_made_up() -> None:
    rows = people(control=None)
    assert of("own_gain", Over.ALLOCATED, rows).present.tolist() == [0.0, 0.0]
    assert of("own_gain", Over.ALLOCATED, rows).missing[:2] == ("no_control", "no_control")
    assert of("worst_group_accuracy", Over.ALLOCATED, rows).missing[2] == "refused"
    assert of("worst_group_accuracy", Over.WITH_RUN, rows).present.tolist() == [0.75, 0.5]


def test_times_are_those_of_who_ended_the_task_and_the_clocks_stand_beside() -> None:
    assert of("wall_time", Over.COMPLETED).present.tolist() == [80.0, 40.0, 50.0]
    assert of("wall_time", Over.TIME_OVER).present.tolist() == [600.0]
    active = of("active_time", Over.COMPLETED)
    assert active.present.tolist() == [60.0, 30.0]
    assert active.missing == ("", "", "not_reported", "time_over", "at_work", "at_work")


def test_22_people_of_23_at_531_are_519() -> None:
    tried = [Tried(1, f"p{i}", "red", 0.5, 0.531, 25, 25, 1) for i in range(22)]
    rows = person_tasks([(1, f"p{i}") for i in range(23)], by_person(tried), {}, {}, {1: 0.255})
    assert of("worst_group_accuracy", Over.WITH_RUN, rows).present.mean() == pytest.approx(0.531)
    assert of("worst_group_accuracy", Over.ALLOCATED, rows).present.mean() == pytest.approx(0.519)


def test_the_difference_of_two_conditions_is_over_everybody_who_was_given_the_task() -> None:
    condition = {person: "plain" if person in ("ann", "cem") else "goal" for person in SAID}
    rows = tuple(PersonTask(**{**vars(row), "condition": condition[row.participant]}) for row in people())
    found = {
        each.over: each.result for each in compare_conditions(rows, ["plain", "goal"]) if each.measure == "own_gain"
    }
    assert (found["allocated"].n, found["allocated"].difference) == ((2, 2), (0.25 + 0) / 2 - (0.5 + 0) / 2)
    assert (found["with_run"].n, found["with_run"].difference) == ((1, 1), 0.25 - 0.5)


def test_only_gains_and_error_scores_can_be_negative() -> None:
    found = {total.measure: total.estimate.low for total in totals({1: None}, people(), ()) if total.estimate.n == 2}
    assert found["own_gain"] is not None and found["own_gain"] < 0
    assert found["worst_group_accuracy"] == found["active_time"] == 0
