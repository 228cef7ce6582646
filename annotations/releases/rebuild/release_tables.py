"""The tables of an unpacked release: CSV files as they are read back exactly, and the lowest ones.

A report says what was compared with them, what differs, and what could not be computed again.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from annotations.base.tables.columns import Table, read_text

CLOSED = 1e-9  # a closed form agrees to this, relative above 1
_APART = 3 * np.sqrt(2)  # two numbers of draws lie no further apart than so many Monte-Carlo errors of one
_SHOWN = 20  # differences of one table


@dataclass
class Report:
    """Grows while tables are compared.

    compared: cells by table; columns: those that were computed, by table; missing: what was not computed again, and
    why.
    """

    compared: dict[str, int] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    differences: list[str] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)

    def compare(
        self,
        name: str,
        key: Sequence[str],
        mine: pd.DataFrame,
        theirs: pd.DataFrame,
        columns: Iterable[str],
    ) -> None:
        """Compare columns of a table that was computed again with the release's, row by row.

        How far apart values of a resampled column may be is in a column of `mine`: its name, then _room. Without a key
        rows are compared in the table's order.
        """
        columns = list(columns)
        self.columns[name] |= {*key, *columns}
        here, there = ((each.set_index(list(key)) if key else _numbered(each)) for each in (mine, theirs))
        self.compared.setdefault(name, 0)
        if set(here.index) != set(there.index) or len(here) != len(there):
            only = sorted(map(str, set(here.index) ^ set(there.index)))[:_SHOWN]
            self.differences.append(f"{name}: {len(here)} rows here, {len(there)} in the release; not in both: {only}")
        rows = [each for each in here.index if each in there.index]
        here, there = here.loc[rows], there.loc[rows]
        found: list[str] = []
        for column in columns:
            room = here[f"{column}_room"] if f"{column}_room" in here else [0.0] * len(rows)
            for row, one, other, more in zip(rows, here[column], there[column], room, strict=True):
                self.compared[name] += 1
                if differ(one, other, more):
                    where = _words(here.index.names, row)
                    found.append(f"{name}, {where}, {column}: {one} here, {other} in the release")
        self.differences += found[:_SHOWN]
        if len(found) > _SHOWN:
            self.differences.append(f"{name}: {len(found) - _SHOWN} more differences")

    def not_rebuilt(self, what: str, why: str) -> None:
        """Say by name what was not computed again."""
        self.missing.append((what, why))

    @property
    def text(self) -> str:
        """What is printed."""
        lines = [f"{name}: {cells} values computed again" for name, cells in sorted(self.compared.items())]
        lines += [f"not computed again: {what} ({why})" for what, why in self.missing]
        verdict = f"{len(self.differences)} differences" if self.differences else "Everything computed again agrees."
        return "\n".join([*lines, *self.differences, verdict])


def differ(one: Any, other: Any, room: float = 0.0) -> bool:
    """Return whether two cells differ, numbers by more than rounding or than `room`."""
    if is_missing(one) or is_missing(other):
        return is_missing(one) != is_missing(other) and room < np.inf
    try:
        here, there = float(one), float(other)
    except (TypeError, ValueError):
        return not _is_same(one, other)
    return str(one) != str(other) and not abs(here - there) <= max(CLOSED * max(1.0, abs(there)), room)


def as_table(definition: Table[Any], rows: Iterable[Any]) -> pd.DataFrame:
    """Return rows as their definition writes them into a CSV file."""
    return pd.DataFrame(map(definition.cells, rows), columns=definition.header)


def with_rooms(definition: Table[Any], draws: Sequence[Iterable[Any]]) -> pd.DataFrame:
    """Return a table that rests on draws, and beside its numbers how far they may lie from those of other draws.

    draws: its rows by each of several draws, those of the release first.
    """
    tables = [as_table(definition, rows) for rows in draws]
    numbers = [column.name for column in definition.columns if column.type in ("number", "integer")]
    values = np.array([table[numbers].to_numpy(float) for table in tables])
    is_there = ~np.isnan(values)
    apart = _APART * values.std(axis=0, ddof=min(len(draws) - 1, 1))
    # Where only some draws have a number, it may be missing.
    rooms = np.where(is_there.all(axis=0), apart, np.where(is_there.any(axis=0), np.inf, 0.0))
    return tables[0].assign(**{f"{name}_room": rooms[:, i] for i, name in enumerate(numbers)})


def is_missing(cell: Any) -> bool:
    """Return whether a cell has no value; a list is one."""
    return cell is None or cell == "" or (isinstance(cell, float) and cell != cell) or cell is pd.NaT or cell is pd.NA


def _is_same(one: Any, other: Any) -> bool:
    """Compare texts, and JSON by its values."""
    there = json.loads(other) if isinstance(one, list | dict) and isinstance(other, str) else other
    if isinstance(one, list) and isinstance(there, list):
        return len(one) == len(there) and not any(map(differ, one, there))
    if isinstance(one, dict) and isinstance(there, dict):
        return one.keys() == there.keys() and not any(differ(one[name], there[name]) for name in one)
    return str(one) == str(there)


def _numbered(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_axis(pd.RangeIndex(1, len(table) + 1, name="row"))


def _words(key: Sequence[str], row: Any) -> str:
    values = row if isinstance(row, tuple) else (row,)
    return " ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))


class Release:
    """An unpacked release. Tables are read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.csv = cache(self._csv)
        self.lowest = cache(self._lowest)
        self.study: dict[str, Any] = json.loads((folder / "study.json").read_text("utf-8"))

    @property
    def names(self) -> list[str]:
        """Return the names of all CSV files beside README.txt."""
        return sorted(path.stem for path in self.folder.glob("*.csv"))

    @property
    def tasks(self) -> list[int]:
        """Return the tasks that have lowest tables of their own, in their order."""
        return sorted(int(path.name.partition("-")[2]) for path in (self.folder / "lowest").glob("task-*"))

    @cached_property
    def _types(self) -> dict[str, dict[str, str]]:
        described = pd.read_csv(self.folder / "data_dictionary.csv", dtype=str, keep_default_na=False)
        return {name: dict(zip(of.column, of.type, strict=True)) for name, of in described.groupby("file")}

    def _csv(self, name: str) -> pd.DataFrame:
        """Only an empty cell is a missing value: "NA" and "null" are phrases that somebody may type."""
        types = self._types.get(f"{name}.csv", {})
        texts = {column: str for column, kind in types.items() if kind in ("text", "json")}
        path = self.folder / f"{name}.csv"
        table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=texts)
        for column, kind in types.items():
            if kind == "time":
                table[column] = pd.to_datetime(table[column], utc=True, format="ISO8601")
            elif kind == "text":  # an apostrophe keeps a spreadsheet from taking it for a formula
                table[column] = table[column].map(read_text, na_action="ignore")
        return table

    def _lowest(self, name: str, task: int | None = None) -> pd.DataFrame:
        """Return a lowest table of the study, or of a task; its arrays as numpy has them."""
        where = self.folder / "lowest" if task is None else self.folder / "lowest" / f"task-{task}"
        return pq.read_table(where / f"{name}.parquet").to_pandas()


def stacked(arrays: pd.Series, width: int, dtype: Any) -> np.ndarray[Any, Any]:
    """Return the arrays of a column below each other."""
    return np.stack([np.asarray(each, dtype) for each in arrays]) if len(arrays) else np.empty((0, width), dtype)


def known(cell: Any) -> Any:
    """Return a cell, None where it is empty."""
    return None if pd.isna(cell) else cell
