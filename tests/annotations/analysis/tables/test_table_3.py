"""Table 3: every phrase in its lists, worked by hand and on a scripted study of 26 people."""

from collections.abc import Sequence

from annotations.analysis.observations.packed_phrases import Packed
from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.tables.table3 import Listed, PhraseList, table_3
from tests.support.paper import DATA_SETS, LISTS, papers_phrases
from tests.support.scripted import EXPECTED, PEOPLE, scripted_phrases


def texts(rows: Sequence[Listed], name: PhraseList) -> list[str]:
    return [row.text for row in rows if row.phrase_list is name]


def test_a_phrase_that_is_best_in_both_ways_is_in_both_lists_and_not_among_the_others() -> None:
    rows = table_3(Packed([Tried(1, "ann", "red", 0.7, 0.6), Tried(1, "ann", "dark", 0.2, 0.5)]))
    assert [(row.phrase_list.value, row.text) for row in rows] == [
        ("Best WGA (per-user)", "red"),
        ("Best Error Score (per-user)", "red"),
        ("All Others", "dark"),
    ]


def test_each_participant_has_a_best_phrase_of_each_kind() -> None:
    rows = table_3(
        Packed(
            [
                Tried(1, "ann", "zebra", 0.7, 0.5),
                Tried(1, "ann", "Arctic", 0.2, 0.6),
                Tried(1, "ben", "zebra", 0.3, 0.4),
                Tried(1, "ben", "moss", None, None),
            ]
        )
    )
    assert texts(rows, PhraseList.BEST_ACCURACY) == ["Arctic", "zebra"]
    assert texts(rows, PhraseList.BEST_SCORE) == ["zebra", "zebra"]
    assert texts(rows, PhraseList.OTHERS) == ["moss"]


def test_a_text_that_was_said_again_after_it_was_best_is_among_the_others() -> None:
    rows = table_3(Packed([Tried(1, "ann", "red", 0.7, 0.6), Tried(1, "ann", "red", 0.7, 0.6)]))
    assert texts(rows, PhraseList.OTHERS) == ["red"]


def test_the_scripted_study_of_26_people_has_its_three_lists() -> None:
    rows = table_3(Packed(scripted_phrases()))
    assert len(PEOPLE) == 26
    for task, lists in EXPECTED.items():
        for name, expected in lists.items():
            assert texts(tuple(row for row in rows if row.task == task), name) == expected


def test_the_papers_phrases_are_laid_out_as_in_the_paper() -> None:
    rows = table_3(Packed(papers_phrases()))
    for task, data_set in enumerate(DATA_SETS, start=1):
        for name in PhraseList:
            found = [row.text for row in rows if row.task == task and row.phrase_list is name]
            assert found == LISTS[data_set][name.value]
