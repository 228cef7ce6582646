"""Filters by an allow-list: a query parameter that a view does not name is refused, not ignored."""

from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from annotations.models import AnnotationSession

INCLUDE, REHEARSALS = "include", "rehearsals"
PAGING = {"page", "page_size", "format"}


class AllowedFilters(BaseFilterBackend):
    """Reads `view.filters`, which maps a query parameter to the field that it must equal."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any, Any], view: APIView) -> QuerySet[Any, Any]:
        allowed: dict[str, str] = getattr(view, "filters", {})
        given = request.query_params
        known = {*allowed, *PAGING, *((INCLUDE,) if hasattr(view, "visit_path") else ())}
        unknown = {name: ["There is no such filter."] for name in given if name not in known}
        if unknown:
            raise ValidationError(unknown)
        for name, field in allowed.items():
            if name in given:
                queryset = equal(queryset, name, field, given[name])
        return queryset

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the filters in the OpenAPI schema."""
        return [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in getattr(view, "filters", {})
        ]


class CountedVisits(BaseFilterBackend):
    """Leaves out what belongs to previews and simulated visits, unless ?include=rehearsals asks for it.

    Reads `view.visit_path`, which leads from a row to its visit; empty where the row is the visit.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any, Any], view: APIView) -> QuerySet[Any, Any]:
        path: str | None = getattr(view, "visit_path", None)
        include = request.query_params.get(INCLUDE, "")
        if include not in {"", REHEARSALS}:
            raise ValidationError({INCLUDE: [f"Only “{REHEARSALS}” can be included."]})
        if path is None or include:
            return queryset
        return queryset.filter(**{f"{path or 'pk'}__in": AnnotationSession.objects.counted()})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Describe the parameter in the OpenAPI schema."""
        if not hasattr(view, "visit_path"):
            return []
        schema = {"type": "string", "enum": [REHEARSALS]}
        return [{"name": INCLUDE, "in": "query", "required": False, "schema": schema}]


def equal(queryset: QuerySet[Any, Any], name: str, field: str, value: str) -> QuerySet[Any, Any]:
    """Return the rows whose field equals a parameter's value. Raises ValidationError for a value it cannot have."""
    try:
        if "\0" in value:  # PostgreSQL would refuse it only when the query runs
            raise ValueError
        return queryset.filter(**{field: value})
    except (ValueError, ModelValidationError) as error:
        raise ValidationError({name: ["This is not a value that the field can have."]}) from error
