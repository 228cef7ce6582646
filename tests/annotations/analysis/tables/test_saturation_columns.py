"""Whether enough people have been asked: by the end of the chance's interval."""

import pytest

from annotations.analysis.tables.measure_columns import NOVELTY, Counted, TaskNovelty
from annotations.analysis.tables.saturation_tables import novelty


@pytest.mark.parametrize(("people", "is_enough"), [(34, False), (35, True)])
def test_people_who_bring_nothing_new_are_enough_once_the_interval_says_so(people: int, is_enough: bool) -> None:
    found = novelty([frozenset("a")] * people)
    assert found.chance == 0.0
    assert TaskNovelty(1, found, 0.1, Counted.ALL).is_enough is is_enough


def test_nobody_is_neither_enough_nor_too_few() -> None:
    assert TaskNovelty(1, novelty([]), 0.1, Counted.ALL).is_enough is None


def test_of_few_people_the_file_says_nothing_of_how_many_more_it_takes() -> None:
    row = TaskNovelty(1, novelty([frozenset("a")]), 0.1, Counted.ALL)
    cells = dict(zip(NOVELTY.header, NOVELTY.cells(row), strict=True))
    assert (cells["more_people"], cells["more_low"], cells["more_high"]) == (None, None, None)
