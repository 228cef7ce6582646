"""People and the machine on the worst group: whose phrase decides, and how many people's phrases beat the keyword."""

import pytest

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.observations.study_rows import Keyword
from annotations.analysis.tables.keyword_splits import KeywordSplit, own_gains
from clarify_errors.arrays.retraining.own_gain_intervals import GainInterval

NUMBERS = {"before": None, "control": None, "after": None, "gain": None, "gain_low": None, "gain_high": None}
KEYWORD: Keyword = ("", "error_score")


def split(words: str, worst_group: float | None, name: str = "") -> KeywordSplit:
    whose, rest = "error_score" if name else "people", {"part": "minority", "n": 9, "why_not": "", **NUMBERS}
    return KeywordSplit(1, "square", "paper", name, "", whose, words, worst_group=worst_group, **rest)  # type: ignore[arg-type]


def person(name: str, phrase: str, worst_group: float, control: float | None = 0.3) -> PersonTask:
    return PersonTask(
        name, 1, None, 1, 1, 0.6, phrase, None, None, worst_group, None, None,
        control_worst_group=control, basis=Basis.RUN,
    )  # fmt: skip


PEOPLE = [person("a", "dark", 0.4), person("b", "red", 0.7), person("c", "red", 0.7)]
SCORES = {(1, "a"): 11, (1, "b"): 12, (1, "c"): 13}
RED = GainInterval(0.1, 0.02, 0.18, (1, 4))
OVER_KEYWORD = {11: GainInterval(-0.2, -0.3, -0.1, (1, 1)), 12: RED, 13: RED}
SPLITS = [split("red", 0.7), split("crimson", 0.6, "words.txt")]


def test_of_equal_scores_the_phrase_that_the_page_names_decides_and_everybody_is_counted() -> None:
    (row,) = own_gains(SPLITS, PEOPLE, SCORES, {1: {KEYWORD: OVER_KEYWORD}})
    assert row.measure == "own_gain" and (row.people, row.machine) == pytest.approx((0.4, 0.3))
    assert (row.difference, row.low, row.high, row.tied) == (RED.estimate, RED.low, RED.high, RED.tied)
    assert (row.n_better, row.n_worse, row.n_not_told_apart) == (2, 1, 0)


def test_a_person_without_a_run_of_the_best_phrase_is_not_counted() -> None:
    (row,) = own_gains(SPLITS, PEOPLE, SCORES, {1: {KEYWORD: {12: RED}}})
    assert (row.n_better, row.n_worse, row.n_not_told_apart) == (1, 0, 0)


def test_without_a_run_a_measured_keyword_and_a_control_there_is_no_comparison() -> None:
    gains = {1: {KEYWORD: OVER_KEYWORD}}
    without_control = [person("a", "red", 0.7, None)]
    for splits, people, known in (
        (SPLITS, [], gains),
        (SPLITS, without_control, gains),
        (SPLITS, PEOPLE, {}),
        ([SPLITS[0], split("crimson", None, "words.txt")], PEOPLE, gains),
    ):
        assert not list(own_gains(splits, people, SCORES, known))
