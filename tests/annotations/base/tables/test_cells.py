"""How a cell is written: formulas, numbers, times."""

import csv
import datetime as dt
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.base.tables.columns import write_cell
from annotations.base.zip_archive import Archive

EAST = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize("start", [*"=+-@\t\r\0", *"\uff1d\uff0b\uff0d\uff20", *"\ufe66\ufe62\ufe63\ufe6b"])
def test_text_that_starts_a_formula_gets_an_apostrophe(start: str) -> None:
    assert write_cell(f"{start}1+1") == f"'{start}1+1"


def test_other_text_stays_as_it_is() -> None:
    for text in ("red", "a = b", "", " =x", "'quoted'", "ישר", "🟥", 'a "b", c'):
        assert write_cell(text) == text


def test_numbers_stay_numbers_at_full_precision() -> None:
    assert write_cell(-0.1) == "-0.1"
    assert float(write_cell(1 / 3)) == 1 / 3
    assert write_cell(7) == "7"


def test_times_are_utc_with_microseconds() -> None:
    moment = dt.datetime(2026, 5, 1, 12, 0, tzinfo=EAST)
    assert write_cell(moment) == "2026-05-01T10:00:00.000000Z"


def test_what_is_missing_is_empty_and_what_is_a_list_is_json() -> None:
    assert write_cell(None) == ""
    assert write_cell([0.5, None]) == "[0.5, null]"
    assert write_cell(True) == "true"


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1), max_size=5))
def test_every_text_survives_the_csv_file(lines: list[list[str]]) -> None:
    file = io.BytesIO()
    with Archive(file) as archive:
        archive.csv("table.csv", lines)
    text = zipfile.ZipFile(file).read("table.csv").decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == lines


def test_lines_end_as_rfc_4180_has_it() -> None:
    file = io.BytesIO()
    with Archive(file) as archive:
        archive.csv("table.csv", [["a", 'b "c"'], ["1,5", "two\nlines"]])
    assert zipfile.ZipFile(file).read("table.csv") == b'a,"b ""c"""\r\n"1,5","two\nlines"\r\n'
