"""Captions that come in a file: what of them is stored, and which rows are left out."""

import json
import time
from pathlib import Path

import pytest

from clarify_errors.arrays.common.safe_text import UnsafeText
from clarify_errors.arrays.keywords.caption_files import CaptionFile, read_caption_file, tidy

MARKS = "a" + "\u0301\u0334" * 60_000
NAMES = ["dog/a.png", "cat/b.png"]


def read(tmp_path: Path, *rows: tuple[str, str], suffix: str = ".jsonl") -> CaptionFile:
    file = tmp_path / f"captions{suffix}"
    lines = [json.dumps({"filename": name, "caption": caption}) for name, caption in rows]
    if suffix == ".csv":
        lines = ["filename,caption", *(f"{name},{caption}" for name, caption in rows)]
    file.write_text("\n".join(lines), "utf-8")
    return read_caption_file(file, NAMES)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_a_caption_or_a_name_of_many_combining_marks_is_left_out_in_little_time(tmp_path: Path, suffix: str) -> None:
    began = time.thread_time()
    captions = read(tmp_path, ("a.png", MARKS), (MARKS, "a dog"), ("b.png", "a cat"), suffix=suffix)
    assert time.thread_time() - began < 2
    assert dict(captions.captions) == {1: "a cat"}
    assert len(captions.problems) == 2


def test_a_caption_is_stored_composed_on_one_line_and_without_what_cannot_be_seen() -> None:
    assert tidy(" cafe\u0301\r\n\u200bnoir\x1b ") == "caf\u00e9 noir"


def test_marks_that_stand_in_a_row_once_the_unseen_is_gone_are_not_put_in_order() -> None:
    with pytest.raises(UnsafeText):
        tidy("a" + "\u0301\u200b" * 31)
