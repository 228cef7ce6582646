"""Filters by an allow-list: a query parameter that a view does not name is refused, not ignored."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Field, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

PAGING = {"page", "page_size", "format"}


class AllowedFilters(BaseFilterBackend):
    """Reads `view.filters`, which maps a query parameter to the field that it must equal."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any, Any], view: APIView) -> QuerySet[Any, Any]:
        allowed: dict[str, str] = getattr(view, "filters", {})
        refuse_unknown(request, allowed)
        for name, field in allowed.items():
            if name in request.query_params:
                queryset = equal(queryset, name, field, request.query_params[name])
        return queryset

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the filters in the OpenAPI schema, with their values where a field has choices."""
        queryset: QuerySet[Any, Any] = view.queryset  # type: ignore[attr-defined]  # lists have one
        filters: dict[str, str] = getattr(view, "filters", {})
        return [
            {"name": name, "in": "query", "required": False, "schema": _schema(_field(queryset, path))}
            for name, path in filters.items()
        ]


def refuse_unknown(request: Request, allowed: Collection[str]) -> None:
    """Raise ValidationError for query parameters that are neither allowed nor those of pages."""
    unknown = set(request.query_params) - PAGING - set(allowed)
    if unknown:
        raise ValidationError({name: ["This filter does not exist."] for name in sorted(unknown)})


def equal(queryset: QuerySet[Any, Any], name: str, field: str, value: str) -> QuerySet[Any, Any]:
    """Return the rows whose field equals a parameter's value. Raises ValidationError for a value it cannot have."""
    choices = _choices(_field(queryset, field))
    try:
        if choices and value not in choices:
            raise ValueError
        return queryset.filter(**{field: value})
    except (ValueError, ModelValidationError) as error:
        raise ValidationError({name: ["This is not a valid value of the field."]}) from error


def _field(queryset: QuerySet[Any, Any], path: str) -> "Field[Any, Any]":
    """The field at the end of a path of relations."""
    model = queryset.model
    *relations, last = path.split("__")
    for name in relations:
        model = model._meta.get_field(name).related_model
    found: Field[Any, Any] = model._meta.get_field(last)
    return found


def _choices(field: "Field[Any, Any]") -> list[str]:
    """The values of a field that has choices."""
    return [str(value) for value, _ in field.flatchoices]


def _schema(field: "Field[Any, Any]") -> dict[str, Any]:
    choices = _choices(field)
    kind = (
        "integer" if field.get_internal_type() in ("ForeignKey", "BigAutoField", "PositiveIntegerField") else "string"
    )
    return {"type": "string", "enum": choices} if choices else {"type": kind}
