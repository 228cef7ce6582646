"""Columns of tables: the CSV files and the data dictionary are made from the same definitions.

The words of a table stand in a TOML file of its name, beside the module that says how its cells are read."""

import csv
import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from annotations.base.word_files import read_words

Row = TypeVar("Row")
Cell = str | int | float | bool | dt.datetime | uuid.UUID | list[Any] | dict[str, Any] | bytes | None

# The full-width and small forms too: spreadsheets for Chinese and Japanese read them as the signs themselves.
_FORMULA_STARTS = tuple("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column: how it is called, what it holds, and how its cell is read from a row.

    type: text, integer, number, boolean, time or json; in Parquet alone float32[], float64[] or int32[], of which cells
    are the little-endian bytes. unit and range are empty where they do not apply; computed is empty for what was stored
    as it happened. attribute: of the row, by its path; where a cell is made of it, rows are still chosen by it.
    """

    name: str
    type: str
    meaning: str
    read: Callable[[Row], Cell]
    unit: str = ""
    range: str = ""
    computed: str = ""
    attribute: str = ""


@dataclass(frozen=True)
class Table(Generic[Row]):
    """One CSV file. `order` says in words how its rows are sorted, so that a file is the same each time."""

    file: str
    meaning: str
    order: str
    columns: tuple[Column[Row], ...]

    @property
    def name(self) -> str:
        """What the API calls the table."""
        return self.file.removesuffix(".csv")

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]

    def cells(self, row: Row) -> list[Cell]:
        """Return a row's cells, in the order of the columns."""
        return [column.read(row) for column in self.columns]

    def lines(self, rows: Iterable[Row]) -> Iterator[list[str]]:
        """Yield the header, then one list of written cells per row."""
        yield self.header
        for row in rows:
            yield [write_cell(cell) for cell in self.cells(row)]


def write_cell(cell: Cell) -> str:
    """Return a cell as it stands in a CSV file.

    Text that a spreadsheet would take for a formula gets an apostrophe in front, and so does text that starts with
    apostrophes before such a sign: taking one away (`read_text`) gives back what was written. Numbers keep full
    precision (the shortest text that reads back as the same number); times are ISO 8601 in UTC with microseconds.

    >>> write_cell("=1+1"), write_cell(-0.1), write_cell(True), write_cell(None)
    ("'=1+1", '-0.1', 'true', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return repr(cell)
    if isinstance(cell, dt.datetime):
        return write_time(cell)
    if isinstance(cell, list | dict):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True)
    text = str(cell)
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def read_text(cell: str) -> str:
    """Return the text that `write_cell` wrote.

    >>> [read_text(write_cell(text)) for text in ("=1+1", "'=1+1", "'tis red")]
    ['=1+1', "'=1+1", "'tis red"]
    """
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA_STARTS) else cell


def csv_text(header: Sequence[str], rows: Iterable[Iterable[Cell]]) -> str:
    """Return a whole CSV file: the header, then each row with its cells as `write_cell` writes them; CRLF after each.

    >>> csv_text(["word", "n"], [["=1+1", 2]])
    "word,n\\r\\n'=1+1,2\\r\\n"
    """
    return "".join(csv_lines([header, *(list(map(write_cell, row)) for row in rows)]))


class _Echo:
    """A file for csv.writer, which then returns each row as text."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield rows of written cells as the lines of a CSV file, CRLF after each."""
    return map(csv.writer(_Echo(), lineterminator="\r\n").writerow, rows)


def write_time(moment: dt.datetime) -> str:
    """Return an aware time as ISO 8601 in UTC, always with microseconds, so that text sorts as time does."""
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_PLAIN = ("text", "integer", "number", "boolean", "json", "float32[]", "float64[]", "int32[]")
_KINDS: dict[str, dict[str, str]] = {  # what the type of a file says by itself
    **{name: {"type": name} for name in _PLAIN},
    "time": {"type": "time", "unit": "UTC"},
    "share": {"type": "number", "unit": "share", "range": "0 to 1"},
    "difference": {"type": "number", "unit": "share", "range": "-1 to 1"},
    "fraction": {"type": "number", "range": "0 to 1"},  # an error score, a probability
    "cosine": {"type": "number", "unit": "cosine", "range": "-1 to 1"},
    "seconds": {"type": "number", "unit": "seconds"},
    "count": {"type": "integer", "range": "0 or more"},
    "hundredths": {"type": "integer", "range": "0 or more", "unit": "hundredths of the currency"},
    "ordinal": {"type": "integer", "range": "1 or more"},
    "sign": {"type": "integer", "range": "-1, 1"},
}
_KIND_OF_NAME = {  # where a file does not say the type, the name does, or else it is text
    re.compile(rf"(\w+_)?({ends})"): kind
    for kind, ends in {
        "time": "at",
        "share": "(accuracy|worst_group|of_errors|of_correct)(_low|_high)?",
        "difference": "gain(_low|_high)?",
        "fraction": "level|p_value|error_score|unpaid",
        "cosine": "threshold",
        "seconds": "duration|time",
        "sign": "sign",
        "count": "n|people|participants|experts|images|above|below|phrases|keywords|orders|captioned",
        "ordinal": "rank",
        "integer": "task|concept|ordinal",
        "number": "mean|difference|low|high|loss|gap|percentile|clip_score|sd",
    }.items()
}
_SHARED = read_words(__package__, "shared")
_NOTHING: Mapping[str, Any] = {}


def worded(
    package: str,
    name: str,
    cells: Mapping[str, Callable[[Row], Cell]] = _NOTHING,
    values: Mapping[str, Iterable[str]] = _NOTHING,
) -> Table[Row]:
    """Return the table that a package's file name.toml describes.

    cells: how a column's cell is read, where it is not what the file names by `attribute`, or else by the column's name
    (as in `along`); values: which ones a column of text can have. Raises ValueError for a column that the file does not
    have. The file's `paths` say once where several columns are, each by its own name in place of {}.
    """
    words = read_words(package, name)
    found = {column: path.format(column) for path, of in words.get("paths", {}).items() for column in of.split()}
    attributes = {column: {"attribute": path} for column, path in found.items()}
    columns = {column: {**attributes.pop(column, {}), **own} for column, own in words["columns"].items()}
    return Table(f"{name}.csv", words["meaning"], words["order"], columns_of(columns | attributes, cells, values))


def columns_of(
    words: Mapping[str, Mapping[str, str]],
    cells: Mapping[str, Callable[[Row], Cell]] = _NOTHING,
    values: Mapping[str, Iterable[str]] = _NOTHING,
) -> tuple[Column[Row], ...]:
    """Return the columns that words describe, in their order; as in `worded`.

    One without a meaning has the words of shared.toml; one without a type has that of its name, "created_at" a time,
    or is text. A lower end, "gain_low", is that of a 95% interval unless it says more; an upper end, "gain_high", has
    the words of "gain_low" where it has none of its own.
    """
    if unknown := {*cells, *values} - words.keys():
        raise ValueError(f"no column is called {', '.join(sorted(unknown))}")
    return tuple(_column(name, _own_words(name, words), cells.get(name), values.get(name)) for name in words)


def _own_words(name: str, words: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    if name.rpartition("_")[2] == "low":
        return {"meaning": "lower end of its 95% interval", **words[name]}
    low = f"{name.removesuffix('high')}low"
    if not name.endswith("high") or low not in words:
        return words[name]
    attribute = re.sub("low$", "high", words[low].get("attribute", low))
    return {**words[low], "meaning": "its upper end", "attribute": attribute, **words[name]}


def _column(
    name: str, own: Mapping[str, str], cell: Callable[[Row], Cell] | None, values: Iterable[str] | None
) -> Column[Row]:
    by_name = (kind for pattern, kind in _KIND_OF_NAME.items() if pattern.fullmatch(name))
    kind = "boolean" if name.startswith("is_") else next(by_name, "text")
    of = {"type": kind, "attribute": name, **({} if "meaning" in own else _SHARED[name]), **own}
    if values is not None:
        of["range"] = ", ".join(values)
    return Column(name=name, read=cell or along(of["attribute"]), **{**_KINDS[of.pop("type")], **of})


def along(path: str) -> Callable[[Any], Any]:
    """Return a getter of an attribute of an attribute, and so on: "task.position".

    With a part that may not be there, "score?.value", its cells are empty where that is missing or None, and the parts
    may also be keys of a dict and places in a tuple.
    """
    if "?" not in path:
        return attrgetter(path)
    names = [(part.removesuffix("?"), part.endswith("?")) for part in path.split(".")]
    parts = [(int(name) if name.isdecimal() else name, may_be_missing) for name, may_be_missing in names]

    def read(row: Any) -> Any:
        for part, may_be_missing in parts:
            if isinstance(row, dict):
                row = row.get(part) if may_be_missing else row[part]
            elif isinstance(part, int):
                row = row[part]
            else:
                row = getattr(row, part, None) if may_be_missing else getattr(row, part)
            if row is None and may_be_missing:
                return None
        return row

    return read
