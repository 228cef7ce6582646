"""What stands out in how a phrase was written."""

from typing import Any

import pytest

from clarify_errors.arrays.phrases.writing_traces import FLAGS, flags

TYPED = {"first_ms": 900, "edits": 14, "gap_ms": 150, "pastes": 0, "left": 0}


@pytest.mark.parametrize(
    ("changed", "text", "others", "found"),
    [
        ({}, "a red square", 0, ()),
        ({"pastes": 1}, "red", 0, ("pasted",)),
        ({"edits": 2}, "a red square", 0, ("at_once",)),
        ({"edits": 1}, "red", 0, ()),  # a suggested word
        ({"edits": 0}, "a red square", 0, ()),  # the words of the last phrase, sent again
        ({"left": 1}, "red", 0, ("left",)),
        ({}, "a red square", 2, ("repeated",)),
        ({}, "red square", 2, ()),
        ({}, "a red square", 1, ()),
        ({"pastes": 1, "edits": 1, "left": 3}, "a red square", 5, FLAGS),
    ],
)
def test_what_stands_out(changed: dict[str, Any], text: str, others: int, found: tuple[str, ...]) -> None:
    assert flags({**TYPED, **changed}, text, others) == found


def test_where_nothing_was_counted_only_repetition_stands_out() -> None:
    assert flags(None, "a red square", 2) == ("repeated",)
