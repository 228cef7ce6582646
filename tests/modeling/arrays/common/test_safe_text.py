"""Text from outside: what is refused before anything is computed from it, and how long looking takes."""

import json
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarify_errors.arrays.common.safe_text import MAX_MARKS, BadJson, UnsafeText, compose, is_safe, read_json

ACUTE, OVERLAY, TWO_IN_ONE, SOUND_MARK = "\u0301", "\u0334", "\u0344", "\uff9e"
MANY = 120_000
MARKS = st.text(st.sampled_from(["a", "\u00e9", "\u1fa2", ACUTE, OVERLAY, TWO_IN_ONE, SOUND_MARK, "\u0f73", "\ud55c"]))


def longest_run(text: str) -> int:
    """Non-starters in a row of the compatibility decomposition, as UAX 15 defines them, counted one by one."""
    longest = run = 0
    for character in unicodedata.normalize("NFKD", text):
        run = run + 1 if unicodedata.combining(character) else 0
        longest = max(longest, run)
    return longest


def seconds(work: Callable[[], object]) -> float:
    """Of this thread's processor time, which another process does not take."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


@pytest.mark.parametrize(
    "text", ["a\0b", "\0", "\u00e9\0", "\ud800", "\udfff\u00e9", *("a" + mark * 31 for mark in (ACUTE, SOUND_MARK))]
)
def test_nul_lone_surrogates_and_long_runs_of_marks_are_not_safe(text: str) -> None:
    assert not is_safe(text)
    with pytest.raises(UnsafeText, match="30 combining marks"):
        compose(text)


@pytest.mark.parametrize(
    "text",
    ["", "a red square", "a\tb\n", "\U0001f469\u200d\U0001f33e", "a" + ACUTE * 30, "\ud55c", "\ufdfa" * 99],
)
def test_other_text_is(text: str) -> None:
    assert is_safe(text)
    assert compose(text) == unicodedata.normalize("NFC", text)


def test_a_character_counts_as_the_marks_that_it_is_made_of() -> None:
    assert is_safe("a" + TWO_IN_ONE * 15) and not is_safe("a" + TWO_IN_ONE * 16)
    assert is_safe("\u00e9" + ACUTE * 29) and not is_safe("\u00e9" + ACUTE * 30)


@given(MARKS | st.text(), st.integers(1, 40))
def test_the_count_is_that_of_unicode(text: str, times: int) -> None:
    repeated = text.replace("\0", "") * times
    assert is_safe(repeated) == (longest_run(repeated) <= MAX_MARKS)


@pytest.mark.parametrize("unit", [ACUTE + OVERLAY, TWO_IN_ONE + OVERLAY, SOUND_MARK + OVERLAY, "\u0f73" + OVERLAY])
def test_looking_at_many_marks_in_a_row_takes_no_time_to_speak_of(unit: str) -> None:
    assert seconds(lambda: is_safe(unit * (MANY // 2))) < 2


@pytest.mark.parametrize("run", [(ACUTE + OVERLAY) * 15, TWO_IN_ONE * 15, (SOUND_MARK + OVERLAY) * 15])
def test_neither_does_putting_marks_in_order_that_are_let_through(run: str) -> None:
    text = ("a" + run) * (MANY // len(run))
    assert seconds(lambda: compose(text)) < 2
    assert seconds(lambda: unicodedata.normalize("NFKC", text)) < 2  # as Django does with user names


@pytest.mark.parametrize("text", ["a\0", "\ud800", "a" + ACUTE * 31])
def test_json_is_refused_for_any_text_in_it_however_it_is_written(text: str) -> None:
    for value in (text, [text], {text: 1}, {"a": [1, {"b": text}]}):
        with pytest.raises(UnsafeText):
            read_json(json.dumps(value))


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "9" * 5000, b"\xff"])
def test_what_is_not_json_is_refused_by_name(text: str | bytes) -> None:
    with pytest.raises(BadJson, match="not JSON"):
        read_json(text)


def test_other_json_is_read() -> None:
    value = {"a": [1, 2.5, None, True, {"\u00e9": "x"}], "b": "\ud55c"}
    assert read_json(json.dumps(value)) == value


def test_no_other_module_normalises() -> None:
    """A long run of combining marks is to be refused before anything puts it in order."""
    packages = ("annotations", "clarify_site", "modeling", "worker")
    modules = [file for package in packages for file in Path(package).rglob("*.py")]
    assert len(modules) > 500
    calls = [str(file) for file in modules if "unicodedata.normalize" in file.read_text("utf-8")]
    assert calls == ["modeling/clarify_errors/arrays/common/safe_text.py"]
