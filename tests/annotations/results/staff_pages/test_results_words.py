"""What the results page says of how many more people are needed."""

import pytest

from annotations.analysis.statistics.estimate_types import Novelty, PeopleNeeded
from annotations.analysis.tables.measure_columns import Counted, TaskNovelty
from annotations.results.staff_pages.results_words import needed_sentence


@pytest.mark.parametrize(
    ("needed", "told"),
    [
        (PeopleNeeded(3, 0, 9, 12), "About 3 more people would reach it (95%: 0 to 9 more)."),
        (PeopleNeeded(1, 0, None, 12),
         "About 1 more person would reach it (95%: 0 to more than 12 more)."),
        (PeopleNeeded(None, 4, None, 12),
         "More than 12 people more are needed to reach it (95%: 4 to more than 12 more)."),
    ],
)  # fmt: skip
def test_how_many_more_people_are_needed(needed: PeopleNeeded, told: str) -> None:
    row = TaskNovelty(1, Novelty(12, 5, 1, 0.2, 0.1, 0.4), 0.1, Counted.ALL, needed)
    assert list(needed_sentence(row)) == [told]


def test_where_the_estimate_is_low_enough_nothing_is_said_of_more() -> None:
    row = TaskNovelty(1, Novelty(12, 5, 0, 0.0, 0.0, 0.4), 0.1, Counted.ALL, PeopleNeeded(0, 0, 0, 12))
    assert list(needed_sentence(row)) == []


def test_where_enough_people_have_been_asked_nothing_is_said_of_more() -> None:
    row = TaskNovelty(1, Novelty(40, 5, 0, 0.0, 0.0, 0.09), 0.1, Counted.ALL, PeopleNeeded(0, 0, 0, 40))
    assert list(needed_sentence(row)) == []
