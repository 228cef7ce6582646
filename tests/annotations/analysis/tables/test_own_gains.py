"""People and the machine on the worst group: the phrase that decides is the one that the page names."""

import pytest

from annotations.analysis.observations.person_tasks import Basis, PersonTask
from annotations.analysis.tables.keyword_splits import KeywordSplit, own_gains

NUMBERS = {"before": None, "control": None, "after": None, "gain": None, "gain_low": None, "gain_high": None}


def split(words: str, worst_group: float | None, name: str = "") -> KeywordSplit:
    whose, rest = "error_score" if name else "people", {"part": "minority", "n": 9, "why_not": "", **NUMBERS}
    return KeywordSplit(1, "square", "paper", name, "", whose, words, worst_group=worst_group, **rest)  # type: ignore[arg-type]


def person(name: str, phrase: str, worst_group: float) -> PersonTask:
    return PersonTask(
        name, 1, None, 1, 1, 0.6, phrase, None, None, worst_group, None, None,
        control_worst_group=0.3, basis=Basis.RUN,
    )  # fmt: skip


PEOPLE = [person("a", "dark", 0.4), person("b", "red", 0.7), person("c", "red", 0.7)]


def test_of_equal_scores_the_phrase_that_the_page_names_decides() -> None:
    (row,) = own_gains([split("red", 0.7), split("crimson", 0.6, "words.txt")], PEOPLE, {1: 0.3})
    assert row.measure == "own_gain" and (row.people, row.machine) == pytest.approx((0.4, 0.3))
    assert row.difference == pytest.approx(0.1) and row.low <= row.difference <= row.high


@pytest.mark.parametrize(("people", "worst_group", "control"), [(1, 0.6, 0.3), (3, None, 0.3), (3, 0.6, None)])
def test_without_two_people_a_measured_keyword_and_a_control_there_is_no_comparison(
    people: int, worst_group: float | None, control: float | None
) -> None:
    splits = [split("red", 0.7), split("crimson", worst_group, "words.txt")]
    assert not list(own_gains(splits, PEOPLE[:people], {1: control}))
