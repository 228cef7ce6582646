"""Tables whose words stand in a TOML file of their name, beside the module that says how their cells are read."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any

from annotations.tables.columns import (
    Boolean,
    Cell,
    Column,
    Count,
    Float32s,
    Float64s,
    Int32s,
    Integer,
    Json,
    Number,
    Row,
    Share,
    Table,
    Text,
    Time,
)

_KINDS: dict[str, type[Column[Any]]] = {
    **{kind.type: kind for kind in (Text, Integer, Number, Boolean, Json, Time, Float32s, Float64s, Int32s)},
    "share": Share,
    "count": Count,
}
_NOTHING: Mapping[str, Any] = {}


def worded(
    package: str,
    name: str,
    cells: Mapping[str, Callable[[Row], Cell]] = _NOTHING,
    values: Mapping[str, Iterable[str]] = _NOTHING,
    shared: Iterable[Column[Any]] = (),
) -> Table[Row]:
    """Return the table that a package's file name.toml describes.

    cells: how a column's cell is read, where it is not the row's attribute of the column's name; values: which ones a
    column of text can have; shared: the columns that have no words of their own there. Raises ValueError for one that
    the file does not have.
    """
    words = tomllib.loads(files(package).joinpath(f"{name}.toml").read_text("utf-8"))
    columns = columns_of(words["columns"], cells, values, shared)
    return Table(f"{name}.csv", words["meaning"], words["order"], columns)


def columns_of(
    words: Mapping[str, Mapping[str, str]],
    cells: Mapping[str, Callable[[Row], Cell]] = _NOTHING,
    values: Mapping[str, Iterable[str]] = _NOTHING,
    shared: Iterable[Column[Any]] = (),
) -> tuple[Column[Row], ...]:
    """Return the columns that words describe, in their order; as in `worded`."""
    given = {column.name: column for column in shared}
    if unknown := {*cells, *values, *given} - words.keys():
        raise ValueError(f"no column is called {', '.join(sorted(unknown))}")
    return tuple(
        given[name] if name in given else _column(name, cells.get(name), {**own, **_range(values.get(name))})
        for name, own in words.items()
    )


def _column(name: str, cell: Callable[[Row], Cell] | None, words: Mapping[str, str]) -> Column[Row]:
    of = dict(words)
    return _KINDS[of.pop("type")](name, of.pop("meaning"), cell, **of)


def _range(values: Iterable[str] | None) -> dict[str, str]:
    return {} if values is None else {"range": ", ".join(values)}
