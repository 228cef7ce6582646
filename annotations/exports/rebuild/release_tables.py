"""The tables of an unpacked release: CSV files as they are read back exactly, and the lowest ones."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from annotations.tables.columns import read_text

_TEXTS = dict.fromkeys(("text", "run", "phrase_text", "best_phrase", "phrase_chosen_on_test", "chosen_run"), str)


class Release:
    """An unpacked release. Tables are read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.csv = cache(self._csv)
        self.lowest = cache(self._lowest)

    @property
    def names(self) -> list[str]:
        """Return the names of all CSV files beside README.txt."""
        return sorted(path.stem for path in self.folder.glob("*.csv"))

    @property
    def tasks(self) -> list[int]:
        """Return the tasks that have lowest tables of their own, in their order."""
        return sorted(int(path.name.partition("-")[2]) for path in (self.folder / "lowest").glob("task-*"))

    def _csv(self, name: str) -> pd.DataFrame:
        """Only an empty cell is a missing value: "NA" and "null" are phrases that somebody may type."""
        path = self.folder / f"{name}.csv"
        header = pd.read_csv(path, nrows=0).columns
        texts = {column: kind for column, kind in _TEXTS.items() if column in header}
        table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=texts, float_precision="round_trip")
        for column in table.columns:
            if column.endswith("_at"):
                table[column] = pd.to_datetime(table[column], utc=True, format="ISO8601")
            elif not pd.api.types.is_numeric_dtype(table[column]):
                table[column] = table[column].map(_as_typed, na_action="ignore")
        return table

    def _lowest(self, name: str, task: int | None = None) -> pd.DataFrame:
        """Return a lowest table of the study, or of a task; its arrays as numpy has them."""
        where = self.folder / "lowest" if task is None else self.folder / "lowest" / f"task-{task}"
        return pq.read_table(where / f"{name}.parquet").to_pandas()


def stacked(arrays: pd.Series, width: int, dtype: Any) -> np.ndarray[Any, Any]:
    """Return the arrays of a column below each other."""
    return np.stack([np.asarray(each, dtype) for each in arrays]) if len(arrays) else np.empty((0, width), dtype)


def _as_typed(cell: Any) -> Any:
    """Take away the apostrophe that keeps a spreadsheet from taking a text for a formula."""
    return read_text(cell) if isinstance(cell, str) else cell
