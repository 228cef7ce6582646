"""Tables by the TOML files beside them: words, order and attributes from there, other cells from Python."""

from types import SimpleNamespace
from typing import Any

import pytest

from annotations.base.tables.columns import Column, Table, along, columns_of, worded

WORDS: dict[str, dict[str, str]] = {
    "participant": {"attribute": "person.pseudonym"},
    "n": {"type": "count", "meaning": "how many", "unit": "images"},
    "state": {"meaning": "how it went", "computed": "from the log"},
}


def test_columns_have_the_order_and_the_words_of_the_file() -> None:
    columns: tuple[Column[Any], ...] = columns_of(WORDS)
    assert [each.name for each in columns] == ["participant", "n", "state"]
    _, n, state = columns
    assert (n.type, n.meaning, n.unit, n.range) == ("integer", "how many", "images", "0 or more")
    assert (state.type, state.meaning, state.computed) == ("text", "how it went", "from the log")


def test_a_column_without_a_meaning_has_the_words_that_tables_share() -> None:
    participant: Column[Any] = columns_of(WORDS)[0]
    assert participant.type == "text"
    assert participant.meaning.startswith("pseudonym of the person")


def test_a_column_without_a_type_has_that_of_its_name() -> None:
    meant = {"meaning": "as it is"}
    names = ("created_at", "is_done", "own_gain_low", "n_captioned", "note")
    columns: tuple[Column[Any], ...] = columns_of(dict.fromkeys(names, meant))
    assert [each.type for each in columns] == ["time", "boolean", "number", "integer", "text"]
    assert [each.range for each in columns] == ["", "", "-1 to 1", "0 or more", ""]


def test_a_lower_end_is_that_of_a_95_interval_unless_it_says_more() -> None:
    columns: tuple[Column[Any], ...] = columns_of({"low": {}, "gain_low": {"meaning": "of Student's t"}})
    assert [each.meaning for each in columns] == ["lower end of its 95% interval", "of Student's t"]


def test_an_upper_end_has_the_words_of_its_lower_end_where_it_has_none_of_its_own() -> None:
    low = {"type": "difference", "meaning": "lower end", "computed": "Wilson", "attribute": "gain.low"}
    columns: tuple[Column[Any], ...] = columns_of({"gain_low": low, "gain_high": {"computed": "too"}})
    upper = columns[1]
    assert (upper.name, upper.type, upper.unit, upper.range) == ("gain_high", "number", "share", "-1 to 1")
    assert (upper.meaning, upper.computed, upper.attribute) == ("its upper end", "too", "gain.high")


def test_a_cell_is_read_as_python_says_or_else_is_the_rows_attribute() -> None:
    participant, n, state = columns_of(WORDS, {"n": lambda row: len(row.__doc__)})

    class Person:
        pseudonym = "A1"

    class Row:
        """four"""

        state = "done"
        person = Person()

    assert (participant.read(Row()), n.read(Row()), state.read(Row())) == ("A1", 4, "done")


@pytest.mark.parametrize(
    ("path", "cell"),
    [
        ("score.value", 0.5),
        ("score?.value", 0.5),
        ("run?.public_id", None),
        ("nothing?.public_id", None),
        ("score?.run?.public_id", None),
        ("measures.gain?.1", 0.2),
        ("measures.loss?.1", None),
        ("writing?.edits?", 0),
        ("writing?.pastes?", None),
    ],
)
def test_a_path_goes_through_attributes_keys_and_places_and_says_which_may_be_missing(path: str, cell: object) -> None:
    row = SimpleNamespace(
        score=SimpleNamespace(value=0.5, run=None), run=None, measures={"gain": (0.1, 0.2, 0.3)}, writing={"edits": 0}
    )
    assert along(path)(row) == cell


@pytest.mark.parametrize("path", ["run.public_id", "nothing.value", "score?.error", "score?.run.public_id"])
def test_what_a_path_does_not_say_to_be_missing_is_an_error(path: str) -> None:
    with pytest.raises(AttributeError):
        along(path)(SimpleNamespace(run=None, score=SimpleNamespace(run=None)))


def test_the_values_of_a_column_of_text_come_from_python() -> None:
    assert columns_of(WORDS, values={"state": ("done", "failed")})[2].range == "done, failed"


@pytest.mark.parametrize("more", [{"cells": {"stat": str}}, {"values": {"stat": ["a"]}}])
def test_a_column_that_the_file_does_not_have_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no column is called stat"):
        columns_of(WORDS, **more)


def test_a_column_without_a_meaning_that_no_table_shares_is_refused() -> None:
    with pytest.raises(KeyError, match="nobody"):
        columns_of({"nobody": {}})


def test_a_file_of_the_tables_name_is_read_from_its_package() -> None:
    table: Table[Any] = worded("annotations.releases.tables", "participants")
    assert (table.file, table.header[0]) == ("participants.csv", "participant")
    assert table.meaning == "one row per person who entered"


def test_a_file_says_once_where_several_columns_are() -> None:
    table: Table[Any] = worded("annotations.releases.tables", "phrases", values={"moderation": ["a"]})
    attributes = {column.name: column.attribute for column in table.columns}
    assert (attributes["p_value"], attributes["threshold"]) == ("score?.p_value", "score?.threshold")
    assert attributes["text"] == "text"
