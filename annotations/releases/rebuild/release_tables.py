"""The tables of an unpacked release: CSV files as they are read back exactly, and the lowest ones."""

import json
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from annotations.base.tables.columns import read_text


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
