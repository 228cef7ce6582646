"""Tried phrases that are packed: what comes out is what went in, by person and by task."""

import math

from hypothesis import given
from hypothesis import strategies as st

from annotations.analysis.observations.packed_phrases import NOTHING, Packed, by_person
from annotations.analysis.observations.person_tasks import Tried, accuracy_of, annotation_key, best_by, error_score_of

_SHARES = st.none() | st.sampled_from([0.0, 0.25, 1 / 3, 1.0])


def _tried(number: int, task: int, person: str, text: str, score: float | None, accuracy: float | None) -> Tried:
    key = annotation_key(f"{number * 256:064x}", (-1) ** number) if score is not None else b""
    hidden = "a name" if number % 3 == 0 else ""
    tries = number if number % 2 else None
    return Tried(task, person, text, score, accuracy, 15, 9, tries, number + 1, number % 4, key, hidden)


_ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["ann", "ben", "ünal"]), st.text(), _SHARES, _SHARES)
).map(lambda rows: [_tried(number, *row) for number, row in enumerate(rows)])


@given(_ROWS)
def test_what_went_in_comes_out(rows: list[Tried]) -> None:
    packed = Packed(rows)
    assert list(packed) == rows and len(packed) == len(rows)
    assert [packed[i] for i in range(len(rows))] == rows
    assert list(packed[1:][::2]) == rows[1:][::2]


@given(_ROWS)
def test_people_and_tasks_keep_the_order_of_their_phrases(rows: list[Tried]) -> None:
    packed = Packed(rows)
    keys = {(each.task, each.participant) for each in rows}
    assert {key: list(part) for key, part in by_person(packed).items()} == {
        key: [each for each in rows if (each.task, each.participant) == key] for key in keys
    }
    assert {task: list(part) for task, part in packed.by_task().items()} == {
        task: [each for each in rows if each.task == task] for task, _ in keys
    }
    assert list(packed.scored()) == [each for each in rows if each.score]


@given(_ROWS)
def test_the_best_of_each_person_is_the_earliest_of_tied_ones(rows: list[Tried]) -> None:
    packed = Packed(rows)
    for column, value in (("error_score", error_score_of), ("accuracy", accuracy_of)):
        best = {(each.task, each.participant): each for each in packed.at(packed.best_places(column))}
        expected = {key: best_by(part, value) for key, part in by_person(packed).items()}
        assert best == {key: each for key, each in expected.items() if each is not None}


def test_nothing_is_packed_too() -> None:
    assert list(NOTHING) == [] and by_person(NOTHING) == {} and NOTHING.by_task() == {}


def test_a_phrase_takes_little_memory() -> None:
    rows = (
        Tried(1, f"person {i % 50}", f"large red squares {i}", i / 1e6, math.pi / 4, 15, 9, 1, i) for i in range(2_000)
    )
    packed = Packed(rows)
    assert packed._rows.nbytes + len(packed._texts) < 160 * len(packed)
