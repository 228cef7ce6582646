"""A table as a Parquet file, written row group by row group."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from annotations.tables.columns import Cell, Column, Table

ROWS_A_GROUP = 5_000
BYTES_A_GROUP = 1 << 24  # of arrays
_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
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
            columns = zip(zip(*rows, strict=True), table.columns, strict=True)
            writer.write_batch(pa.record_batch([_array(values, column.type) for values, column in columns], schema))
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
    if cell is None:
        return None
    if kind.endswith("[]"):
        assert isinstance(cell, bytes), "an array is its bytes"
        return cell
    if kind == "text":
        return str(cell) or None
    if kind == "json":
        return json.dumps(cell, ensure_ascii=False, sort_keys=True)
    if kind == "number":
        return float(cell)  # type: ignore[arg-type]
    if kind == "time":
        assert isinstance(cell, dt.datetime), "a time is a datetime"
        return (cell - _EPOCH) // _MICROSECOND
    assert not isinstance(cell, dt.datetime), "a time in a column of another type"
    return cell


def _array(values: Sequence[Any], kind: str) -> pa.Array:
    """Lay a column out as Arrow does: which values are there, then the values.

    Arrow's own conversion of Python values is not used: it loads pandas, which takes 50 MiB, to ask for its types.
    """
    is_there = _bits([value is not None for value in values])
    if kind in ("text", "json"):
        texts = [(value or "").encode("utf-8") for value in values]
        ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
        buffers = [is_there, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
    elif kind.endswith("[]"):
        return _arrays(is_there, values, _TYPES[kind])
    elif kind == "boolean":
        buffers = [is_there, _bits([bool(value) for value in values])]
    else:
        filled = [0 if value is None else value for value in values]
        buffers = [is_there, pa.py_buffer(np.array(filled, np.float64 if kind == "number" else np.int64))]
    return pa.Array.from_buffers(_TYPES[kind], len(values), buffers)


def _arrays(is_there: pa.Buffer, values: Sequence[bytes | None], kind: pa.DataType) -> pa.Array:
    inner = kind.value_type
    width = inner.bit_width // 8
    ends = np.cumsum([0, *(len(value or b"") // width for value in values)], dtype=np.int32)
    whole = pa.Array.from_buffers(
        inner, int(ends[-1]), [None, pa.py_buffer(b"".join(value or b"" for value in values))]
    )
    return pa.Array.from_buffers(kind, len(values), [is_there, pa.py_buffer(ends)], children=[whole])


def _bits(values: Sequence[bool]) -> pa.Buffer:
    packed: NDArray[np.uint8] = np.packbits(np.array(values, np.bool_), bitorder="little")
    return pa.py_buffer(packed)
