"""What people may type, through CSV and Parquet and back: quotes, line breaks, formulas, emoji, right-to-left."""

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.base.tables.columns import Column, Table, read_text, write_cell
from annotations.base.zip_archive import Archive
from worker.releases import parquet

TORTURE = (
    'say "red", or not',
    "two\nlines",
    "two\r\nlines",
    "a\rb",
    '"',
    '""',
    "'",
    "'quoted'",
    ",",
    ";",
    "\\",
    "=1+1",
    "'=1+1",
    "''=1+1",
    "\uff1d1+1",
    "'\uff0b1",
    "+49 30",
    "-red",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "=cmd|' /C calc'!A0",
    "NA",
    "nan",
    "null",
    "None",
    "TRUE",
    "1e5",
    "007",
    "-0",
    " padded ",
    "\ufeffbom",
    "אדום וגם כחול",
    "\u202ered\u202c",
    "🟥👩‍👩‍👧‍👦",
    "é and e\u0301",
    "\u2028line separator",
    "\U0010ffff",
)
_TYPEABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_AS_FORMULA = st.tuples(st.text("'", max_size=3), st.sampled_from("=+-@\t\r\n"), _TYPEABLE).map("".join)

TABLE: Table[tuple[str, float | None]] = Table(
    "t.csv",
    "texts",
    "as given",
    (Column("text", "text", "a text", lambda row: row[0]), Column("value", "number", "a number", lambda row: row[1])),
)


def written(texts: list[str]) -> bytes:
    file = io.BytesIO()
    with Archive(file) as archive:
        archive.csv(TABLE.file, TABLE.lines((text, i / 3) for i, text in enumerate(texts)))
    return zipfile.ZipFile(file).read(TABLE.file)


@given(st.lists(st.one_of(_TYPEABLE, _AS_FORMULA, st.sampled_from(TORTURE)), max_size=8))
def test_every_text_comes_back_from_a_csv_file_and_none_starts_a_formula(texts: list[str]) -> None:
    _header, *lines = csv.reader(io.StringIO(written(texts).decode(), newline=""))
    assert [read_text(text) for text, _ in lines] == texts
    assert not [text for text, _ in lines if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert [float(value) for _, value in lines] == [i / 3 for i in range(len(texts))]


@given(_TYPEABLE | _AS_FORMULA, _TYPEABLE | _AS_FORMULA)
def test_two_texts_are_never_written_the_same(first: str, second: str) -> None:
    assert (write_cell(first) == write_cell(second)) == (first == second)


def test_pandas_reads_the_same_texts_and_the_same_numbers() -> None:
    frame = pd.read_csv(io.BytesIO(written(list(TORTURE))), keep_default_na=False, na_values=[""], dtype={"text": str})
    assert [read_text(text) for text in frame.text] == list(TORTURE)
    assert list(frame.value) == pytest.approx([i / 3 for i in range(len(TORTURE))], abs=1e-15)


def test_parquet_has_them_as_they_were_typed_across_row_groups(tmp_path: Path) -> None:
    texts = [f"{text}{i}" for i in range(400) for text in TORTURE]
    with parquet.open_table(TABLE, tmp_path / "t.parquet") as append:
        for i, text in enumerate(texts):
            append([text, None if i % 7 == 0 else i / 3])
    file = pq.ParquetFile(tmp_path / "t.parquet")
    assert file.num_row_groups == -(-len(texts) // parquet.ROWS_A_GROUP) > 1
    read = file.read()
    assert read["text"].to_pylist() == texts
    assert read["value"].to_pylist() == [None if i % 7 == 0 else i / 3 for i in range(len(texts))]
    assert read.schema.field("text").metadata == {b"meaning": b"a text"}
