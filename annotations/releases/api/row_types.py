"""The type of each table's rows in the OpenAPI schema, made from its columns, and the type of each filter."""

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from annotations.base.tables.columns import Column, Table

_FIELDS: dict[str, type[serializers.Field[Any, Any, Any, Any]]] = {
    "text": serializers.CharField,
    "integer": serializers.IntegerField,
    "number": serializers.FloatField,
    "boolean": serializers.BooleanField,
    "time": serializers.DateTimeField,
    "json": serializers.JSONField,
}
_FILTERS = {"integer": OpenApiTypes.INT, "boolean": OpenApiTypes.BOOL}


def rows_of(tables: Iterable[Table[Any]]) -> PolymorphicProxySerializer:
    """Return the type of a row: one of those of the tables. A cell without a value is null."""
    kinds = [_row(table) for table in tables]
    return PolymorphicProxySerializer("Row", serializers=kinds, resource_type_field_name=None, many=True)


def _row(table: Table[Any]) -> type[serializers.Serializer[Any]]:
    fields: dict[str, Any] = {
        column.name: _FIELDS[column.type](allow_null=True, help_text=column.meaning) for column in table.columns
    }
    name = "".join(part.capitalize() for part in table.name.split("_"))
    return type(f"{name}RowSerializer", (serializers.Serializer,), {"__doc__": table.meaning, **fields})


def filter_parameters(tables: Iterable[Table[Any]], names: Iterable[str]) -> list[OpenApiParameter]:
    """Return the filters of all tables, each with the type of the column that it is."""
    columns = {column.name: column for table in tables for column in table.columns}
    return [
        OpenApiParameter(
            name,
            _FILTERS.get(columns[name].type, OpenApiTypes.STR) if name in columns else OpenApiTypes.STR,
            description="of tables with this column: its value; otherwise refused",
        )
        for name in sorted(names)
    ]


def check_values(columns: Iterable[Column[Any]], given: Mapping[str, str]) -> None:
    """Raise ValidationError for a filter's value that its column can never have."""
    wrong = {column.name for column in columns if column.name in given and not _fits(column, given[column.name])}
    if wrong:
        raise ValidationError({name: ["This is not a value of the column."] for name in sorted(wrong)})


def _fits(column: Column[Any], value: str) -> bool:
    if column.type == "integer":
        return value.removeprefix("-").isdecimal() and value.isascii()
    if column.type == "boolean":
        return value.lower() in ("true", "false")
    known = column.range.split(", ") if column.type == "text" and ", " in column.range else ()
    return not known or value in known
