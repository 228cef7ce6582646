"""A table as a Parquet file, written row group by row group."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from annotations.exports.columns import Cell, Column, Table

ROWS_A_GROUP = 5_000
SUFFIX = ".parquet"
pa.set_memory_pool(pa.system_memory_pool())  # the others keep what they were given once
_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
}


@contextmanager
def open_table(table: Table[Any], path: Path) -> Iterator[Callable[[Sequence[Cell]], None]]:
    """Open a file that takes the cells of one row after the other. Text stands in it as it was typed.

    At most ROWS_A_GROUP rows are in memory. A column's unit, range and meaning are in the metadata of its field.
    """
    schema = pa.schema([_field(column) for column in table.columns])
    rows: list[list[Any]] = []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def flush() -> None:
            columns = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            rows.clear()

        def append(cells: Sequence[Cell]) -> None:
            rows.append([_value(cell, column.type) for cell, column in zip(cells, table.columns, strict=True)])
            if len(rows) == ROWS_A_GROUP:
                flush()

        yield append
        if rows:
            flush()


def _field(column: Column[Any]) -> pa.Field:
    described = {"meaning": column.meaning, "unit": column.unit, "range": column.range, "computed": column.computed}
    return pa.field(column.name, _TYPES[column.type], metadata={name: text for name, text in described.items() if text})


def _value(cell: Cell, kind: str) -> Any:
    if cell is None:
        return None
    if kind == "text":
        return str(cell) or None
    if kind == "json":
        return json.dumps(cell, ensure_ascii=False, sort_keys=True)
    if kind == "number":
        return float(cell)  # type: ignore[arg-type]
    assert not isinstance(cell, dt.datetime) or kind == "time", "a time in a column of another type"
    return cell
