"""Conditions between people, tasks within people."""

import pytest

from annotations.analysis.observations.person_tasks import PersonTask
from annotations.analysis.tables.estimands import COMPARED
from annotations.analysis.tables.measure_columns import Compared
from annotations.analysis.tables.study_tables import MAX_TASKS, compare_conditions, compare_tasks
from annotations.models.primary_measures import MEASURES


def row(person: str, task: int, condition: str | None, score: float | None) -> PersonTask:
    return PersonTask(person, task, condition, 1, 1, score, "x", 0.1, 0.1, None, None, None)


def of(measure: str, compared: tuple[Compared, ...]) -> Compared:
    return next(each for each in compared if each.measure == measure)


def test_two_conditions_differ_by_their_mean_difference_over_tasks() -> None:
    rows = [
        row(person, task, condition, score + task)
        for person, condition, score in (
            ("a", "plain", 0.1),
            ("b", "plain", 0.2),
            ("c", "goal", 0.5),
            ("d", "goal", 0.6),
        )
        for task in (1, 2)
    ]
    score = of("best_error_score", compare_conditions(rows, ["plain", "goal"]))
    assert (score.first, score.second, score.result.n) == ("plain", "goal", (2, 2))
    assert score.result.difference == pytest.approx(0.4)
    assert score.result.permutation_p == pytest.approx(1 / 3)
    assert score.result.p_value == pytest.approx(0.0299, abs=1e-4)  # t = .4 / √(.005 / 2 · 2), 2 degrees of freedom


def test_three_conditions_are_three_comparisons_of_each_measure() -> None:
    rows = [row(f"{name}{i}", 1, name, i / 10) for name in "xyz" for i in range(3)]
    found = compare_conditions(rows, ["x", "y", "z"])
    assert len(found) == 3 * len(COMPARED)
    assert all(each.adjusted_p is None or each.adjusted_p >= (each.result.p_value or 0) for each in found)


def test_people_without_a_condition_are_in_no_comparison() -> None:
    rows = [row("a", 1, "plain", 0.1), row("b", 1, "goal", 0.2), row("c", 1, None, 0.9)]
    assert of("best_error_score", compare_conditions(rows, ["plain", "goal"])).result.n == (1, 1)


def test_a_measure_that_nobody_has_is_no_comparison() -> None:
    rows = [row("a", 1, "plain", 0.1), row("b", 1, "goal", 0.2)]
    for measure in ("own_gain", "worst_group_accuracy"):
        nobodys = of(measure, compare_conditions(rows, ["plain", "goal"]))
        assert (nobodys.result.difference, nobodys.adjusted_p) == (None, None)


def test_tasks_are_compared_within_people_who_did_both() -> None:
    rows = [row("a", 1, None, 0.1), row("a", 2, None, 0.4), row("b", 1, None, 0.2), row("b", 2, None, 0.3)]
    rows.append(row("c", 1, None, 0.9))
    score = of("best_error_score", compare_tasks(rows, {1: "birds", 2: "hair"}))
    assert (score.first, score.second, score.result.n) == ("birds", "hair", (2, 2))
    assert score.result.difference == pytest.approx(0.2)
    assert score.result.permutation_p == 0.5


def test_one_task_is_no_comparison() -> None:
    assert compare_tasks([row("a", 1, None, 0.1)], {1: "birds"}) == ()


def test_of_very_many_tasks_no_two_are_compared() -> None:
    titles = {number: f"class {number}" for number in range(1, MAX_TASKS + 2)}
    assert compare_tasks([], titles) == ()
    del titles[1]
    assert len(compare_tasks([], titles)) > 0


def test_primary_measures_are_adjusted_together_and_others_not_at_all() -> None:
    scores = {"x": (0.1, 0.2, 0.15), "y": (0.5, 0.6, 0.55), "z": (0.3, 0.5, 0.1)}
    rows = [row(f"{name}{i}", 1, name, score) for name, of in scores.items() for i, score in enumerate(of)]
    found = compare_conditions(rows, ["x", "y", "z"], ["best_error_score", "own_gain"])
    primary = [each for each in found if each.is_primary]
    assert {(each.measure, each.over) for each in primary} == {
        ("own_gain", "allocated"),
        ("best_error_score", "with_score"),
    }
    assert all(each.adjusted_p is None for each in found if not each.is_primary)
    p_values = [each.result.p_value for each in primary if each.result.p_value is not None]
    assert len(p_values) == 3  # of the scores: nobody has an own gain
    adjusted = [each.adjusted_p for each in primary if each.adjusted_p is not None]
    assert min(adjusted) == pytest.approx(3 * min(p_values))


def test_measures_that_a_study_can_declare_are_those_that_are_compared() -> None:
    assert set(MEASURES) == {each.measure for each in COMPARED}
