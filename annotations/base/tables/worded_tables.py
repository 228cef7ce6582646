"""Tables whose words stand in a TOML file of their name, beside the module that says how their cells are read."""

import re
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from annotations.base.tables.columns import Cell, Column, Row, Table
from annotations.base.word_files import read_words

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
    have.
    """
    words = read_words(package, name)
    return Table(f"{name}.csv", words["meaning"], words["order"], columns_of(words["columns"], cells, values))


def columns_of(
    words: Mapping[str, Mapping[str, str]],
    cells: Mapping[str, Callable[[Row], Cell]] = _NOTHING,
    values: Mapping[str, Iterable[str]] = _NOTHING,
) -> tuple[Column[Row], ...]:
    """Return the columns that words describe, in their order; as in `worded`.

    One without a meaning has the words of shared.toml; one without a type is text. An upper end, "gain_high", has the
    words of "gain_low" where it has none of its own.
    """
    if unknown := {*cells, *values} - words.keys():
        raise ValueError(f"no column is called {', '.join(sorted(unknown))}")
    return tuple(_column(name, _own_words(name, words), cells.get(name), values.get(name)) for name in words)


def _own_words(name: str, words: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    low = f"{name.removesuffix('high')}low"
    if not name.endswith("high") or low not in words:
        return words[name]
    attribute = re.sub("low$", "high", words[low].get("attribute", low))
    return {**words[low], "meaning": "its upper end", "attribute": attribute, **words[name]}


def _column(
    name: str, own: Mapping[str, str], cell: Callable[[Row], Cell] | None, values: Iterable[str] | None
) -> Column[Row]:
    of = {"type": "text", "attribute": name, **({} if "meaning" in own else _SHARED[name]), **own}
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
