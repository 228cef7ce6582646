"""The tables of a study's analysis as they are stored: by their rows.

Types alone: the web process reads results, and computes none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from types import GenericAlias
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.tables.filled_tables import FilledTable, StudyTables, filled

Tables = TypeVar("Tables", StudyTables, ConceptTables)


class StoredResults:
    """The parts of a stored analysis, each read when it is asked for."""

    def __init__(self, content: bytes) -> None:
        self._parts = msgspec.msgpack.decode(content, type=dict[str, msgspec.Raw])

    @cached_property
    def tables(self) -> StudyTables:
        return _read(StudyTables, self._parts["tables"])

    @cached_property
    def concepts(self) -> ConceptTables:
        return _read(ConceptTables, self._parts["concepts"])

    @cached_property
    def doubts(self) -> list[str]:
        """What pre-flight found that puts all of it in doubt."""
        return msgspec.msgpack.decode(self._parts["doubts"], type=list[str])


def to_bytes(tables: StudyTables, concepts: ConceptTables, doubts: Sequence[str]) -> bytes:
    """Return what `StoredResults` reads."""
    parts = {"tables": _written(tables), "concepts": _written(concepts), "doubts": doubts}
    return msgspec.msgpack.encode(parts)


def _written(tables: StudyTables | ConceptTables) -> dict[str, Any]:
    values = {field.name: getattr(tables, field.name) for field in fields(tables)}
    return {name: tuple(value.rows) if isinstance(value, FilledTable) else value for name, value in values.items()}


def _read(of: type[Tables], written: msgspec.Raw) -> Tables:
    parts: Mapping[str, msgspec.Raw] = msgspec.msgpack.decode(written, type=dict[str, msgspec.Raw])
    hints = get_type_hints(of, include_extras=True)
    return filled(of, **{name: msgspec.msgpack.decode(parts[name], type=_stored(hint)) for name, hint in hints.items()})


def _stored(hint: Any) -> Any:
    """What is stored of a field: of a table its rows."""
    return GenericAlias(tuple, (*get_args(get_args(hint)[0]), ...)) if get_origin(hint) is Annotated else hint
