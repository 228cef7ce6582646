"""A table as a Parquet file, written row group by row group."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotations.base.tables.columns import Cell, Column, Table

ROWS_A_GROUP = 5_000
BYTES_A_GROUP = 1 << 24  # of arrays
pa.set_memory_pool(pa.system_memory_pool())  # the others keep what they were given once
_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
    "float32[]": pa.list_(pa.float32()),
    "float64[]": pa.list_(pa.float64()),
    "int32[]": pa.list_(pa.int32()),
}


@contextmanager
def open_table(table: Table[Any], path: Path) -> Iterator[Callable[[Sequence[Cell]], None]]:
    """Open a file that takes the cells of one row after the other. Text stands in it as it was typed.

    At most ROWS_A_GROUP rows are in memory, and arrays of BYTES_A_GROUP. A column's unit, range and meaning are in the
    metadata of its field.
    """
    schema = pa.schema([_field(column) for column in table.columns])
    rows: list[list[Any]] = []
    n_bytes = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def flush() -> None:
            nonlocal n_bytes
            columns = zip(zip(*rows, strict=True), schema.types, strict=True)
            writer.write_batch(pa.record_batch([pa.array(values, kind) for values, kind in columns], schema))
            rows.clear()
            n_bytes = 0

        def append(cells: Sequence[Cell]) -> None:
            nonlocal n_bytes
            rows.append([_value(cell, column.type) for cell, column in zip(cells, table.columns, strict=True)])
            n_bytes += sum(len(cell) for cell in cells if isinstance(cell, bytes))
            if len(rows) == ROWS_A_GROUP or n_bytes >= BYTES_A_GROUP:
                flush()

        yield append
        if rows:
            flush()


def _field(column: Column[Any]) -> pa.Field:
    described = {"meaning": column.meaning, "unit": column.unit, "range": column.range, "computed": column.computed}
    return pa.field(column.name, _TYPES[column.type], metadata={name: text for name, text in described.items() if text})


def _value(cell: Cell, kind: str) -> Any:
    """Return what Arrow takes for a cell."""
    if cell is None:
        return None
    if kind.endswith("[]"):
        assert isinstance(cell, bytes), "an array is its bytes"
        return np.frombuffer(cell, kind.removesuffix("[]"))
    if kind == "text":
        return str(cell) or None
    return json.dumps(cell, ensure_ascii=False, sort_keys=True) if kind == "json" else cell
