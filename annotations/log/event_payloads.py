"""What an event says of the rows that it changed, so that they can be built again from the log alone.

A row's state is its own fields as JSON, as its table's definition names them (`log_registry`). What people typed, and
what gives it away (a digest of it, a name by which the person is known), is personal: the log keeps that part sealed,
and it is gone with the person's key. Large arrays are there as SHA-256 digests.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, QuerySet

from annotations.base.data_store.stored_files import StoredFile
from annotations.log.log_registry import OF_MODEL
from annotations.log.log_schema import LoggedTable, Paths

Key = str
Read = Callable[[str], Any]  # from a way to what stands there


@dataclass(frozen=True)
class RowState:
    """A row's fields as JSON: `plain` stands in the log as it is, `personal` under the person's key.

    key: the same for the row in each event. visit: the id of the visit that it is of, None for a row of the study.
    """

    table: LoggedTable
    key: Key
    visit: int | None
    plain: Mapping[str, Any]
    personal: Mapping[str, Any] = field(default_factory=dict)


def row_state(row: Model) -> RowState:
    """Return the state of a row as the object has it; reads what it points to if that is not loaded."""
    table = OF_MODEL[type(row)]
    return _state(table, _reader(row), table.plain, table.personal)


def partial_state(row: Model, *names: str) -> RowState:
    """Return the state of some plain fields of a row, the others being as the log has them already."""
    table = OF_MODEL[type(row)]
    return _state(table, _reader(row), {name: table.plain[name] for name in names}, {})


def unsealed_state(row: Model) -> RowState:
    """Return the state of a row whose names have become random ones, which lead to nobody and need no seal."""
    sealed = row_state(row)
    return RowState(sealed.table, sealed.key, sealed.visit, {**sealed.plain, **sealed.personal})


def stored_states(table: LoggedTable, rows: QuerySet[Any, Any]) -> Iterator[RowState]:
    """Yield the states of rows of a table as they are stored."""
    for row in rows.values(*table.paths).iterator(_AT_ONCE):
        yield _state(table, row.__getitem__, table.plain, table.personal)


def digest(data: bytes | memoryview | StoredFile | None) -> str | None:
    """Return the SHA-256 of an array's bytes, None where there is none; a file is named by it, and is not read."""
    if isinstance(data, StoredFile):
        return data.digest
    return None if data is None else hashlib.sha256(data).hexdigest()


def plain_json(value: Any) -> Any:
    """Return a value as the log holds it: a UUID as its text, a time as ISO 8601 in UTC with microseconds."""
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value


_AT_ONCE = 200  # rows in memory, some with the similarities to a whole class


def _state(table: LoggedTable, read: Read, plain: Paths, personal: Paths) -> RowState:
    key = " / ".join(str(plain_json(read(path))) for path in table.key)
    visit = read(table.visit) if table.visit else None
    return RowState(table, key, visit, _told(table, plain, read), _told(table, personal, read))


def _reader(row: Model) -> Read:
    def read(path: str) -> Any:
        value: Any = row
        for name in path.split("__"):
            value = None if value is None else getattr(value, name)
        return value

    return read


def _told(table: LoggedTable, paths: Paths, read: Read) -> dict[str, Any]:
    return {name: _value(table, name, path, read) for name, path in paths.items()}


def _value(table: LoggedTable, name: str, path: str, read: Read) -> Any:
    if name in table.told_once and read("state") not in table.told_once[name]:
        return ""
    value = read(path)
    return digest(value) if name in table.digests else plain_json(value)
