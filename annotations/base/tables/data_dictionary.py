"""The data dictionary: every column of every table, as a table of its own."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from annotations.base.tables.columns import Column, Table, worded


@dataclass(frozen=True)
class Described:
    """A column of a table. is_input: nothing in a release computes it."""

    table: Table[Any]
    column: Column[Any]
    is_input: bool


DICTIONARY: Table[Described] = worded(__package__, "data_dictionary")


def describe(tables: Iterable[Table[Any]], is_input: Callable[[str, str], bool]) -> Iterator[Described]:
    """Yield the rows of the data dictionary, its own columns last. is_input: of a table's name and a column's."""
    for table in (*tables, DICTIONARY):
        for column in table.columns:
            yield Described(table, column, is_input(table.name, column.name))
