"""Tables by the TOML files beside them: words and order from there, cells and shared columns from Python."""

from typing import Any

import pytest

from annotations.tables.columns import Column, Count, Table, Text
from annotations.tables.shared import PARTICIPANT
from annotations.tables.worded_tables import columns_of, worded

WORDS: dict[str, dict[str, str]] = {
    "participant": {},
    "n": {"type": "count", "meaning": "how many", "unit": "images"},
    "state": {"type": "text", "meaning": "how it went", "computed": "from the log"},
}


def test_columns_have_the_order_and_the_words_of_the_file() -> None:
    columns: tuple[Column[Any], ...] = columns_of(WORDS, shared=[PARTICIPANT])
    participant, n, state = columns
    assert participant is PARTICIPANT
    assert n == Count("n", "how many", None, "images")
    assert state == Text("state", "how it went", computed="from the log")


def test_a_cell_is_read_as_python_says_or_else_is_the_rows_attribute() -> None:
    _, n, state = columns_of(WORDS, {"n": lambda row: len(row.__doc__)}, shared=[PARTICIPANT])

    class Row:
        """four"""

        state = "done"

    assert (n.read(Row()), state.read(Row())) == (4, "done")


def test_the_values_of_a_column_of_text_come_from_python() -> None:
    assert columns_of(WORDS, values={"state": ("done", "failed")}, shared=[PARTICIPANT])[2].range == "done, failed"


@pytest.mark.parametrize(
    "more", [{"cells": {"stat": str}}, {"values": {"stat": ["a"]}}, {"shared": [Text("stat", "")]}]
)
def test_a_column_that_the_file_does_not_have_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no column is called stat"):
        columns_of(WORDS, **{"shared": [], **more})  # type: ignore[arg-type]


def test_a_column_without_a_type_that_nobody_shares_is_refused() -> None:
    with pytest.raises(KeyError, match="type"):
        columns_of(WORDS)


def test_a_file_of_the_tables_name_is_read_from_its_package() -> None:
    table: Table[Any] = worded("annotations.exports.tables", "participants", shared=[PARTICIPANT])
    assert (table.file, table.header[0]) == ("participants.csv", "participant")
    assert table.meaning == "one row per person who entered"
