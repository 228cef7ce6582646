"""The tables of a release over the API: by page as JSON, or whole as CSV, always as they are now."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.tables.filled_tables import StudyTables, definitions
from annotations.base.tables.columns import Cell, Table, csv_lines, write_cell, write_time
from annotations.corrections.correction_effects import EFFECTS
from annotations.corrections.correction_tables import ANNOTATIONS, CORRECTIONS, correction_tables
from annotations.models import Study
from annotations.pages.api.filters import equal, refuse_unknown
from annotations.pages.api.pagination import Pages
from annotations.pools.gathering_tables import GATHERED, SLICES, pool_tables
from annotations.releases.api.row_types import check_values, filter_parameters, rows_of
from annotations.releases.tables.table_rows import FILTERS, TABLES, Source, source_of, sources
from annotations.results.analysis_requests import AnalysisNotReady
from annotations.results.latest_results import latest
from annotations.results.stored_rows import read_people
from annotations.staff.roles import visible

AS_OF = "Clarify-As-Of"  # header: when the statistics were computed
INCLUDE, REHEARSALS = "include", "rehearsals"
# Columns by which tables that are computed can be filtered; those of the database say which ones they take.
_COMPUTED_FILTERS = (
    *("task", "participant", "session", "condition", "measure", "what", "reason", "run", "method", "rank"),
    *("concept", "correction", "set", "model"),
)
# Tables of statistics: a worker computes them. summary.csv is of rows alone, and read as it is now.
_ANALYSED = {
    table.name: table
    for of in (StudyTables, ConceptTables)
    for table in definitions(of).values()
    if table.file not in {each.file for each in TABLES}
}
_STORED = (CORRECTIONS, ANNOTATIONS, EFFECTS, GATHERED, SLICES)
_ALL_TABLES: tuple[Table[Any], ...] = (*TABLES, *_ANALYSED.values(), *_STORED)
_PARAMETERS = (
    OpenApiParameter("name", str, OpenApiParameter.PATH, enum=sorted(table.name for table in _ALL_TABLES)),
    OpenApiParameter("page", {"type": "integer", "minimum": 1}, description="number of the page, from 1"),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": Pages.max_page_size},
        description="rows a page",
    ),
    OpenApiParameter("format", str, enum=["json", "csv"], description="csv: every row at once, streamed"),
    OpenApiParameter(
        INCLUDE, str, enum=[REHEARSALS], description="with previews and simulated visits, in tables of stored rows"
    ),
    *filter_parameters(_ALL_TABLES, FILTERS.union(_COMPUTED_FILTERS)),
)


class CSVRenderer(BaseRenderer):
    """Lets ?format=csv through; the view streams the file itself."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return str(data).encode()


class ColumnSerializer(serializers.Serializer[Any]):
    """A column, as the data dictionary describes it."""

    name = serializers.CharField()
    type = serializers.ChoiceField(["text", "integer", "number", "boolean", "time", "json"])
    unit = serializers.CharField()
    range = serializers.CharField()
    meaning = serializers.CharField()
    computed = serializers.CharField()


class TableSerializer(serializers.Serializer[Any]):
    """A table: where it is, what a row is, and its columns."""

    name = serializers.CharField()
    url = serializers.CharField()
    meaning = serializers.CharField()
    order = serializers.CharField()
    filters = serializers.ListField(child=serializers.CharField())
    columns = ColumnSerializer(many=True)


class RowsSerializer(serializers.Serializer[Any]):
    """A page of rows; each is an object with the table's columns."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = serializers.SerializerMethodField()

    @extend_schema_field(rows_of(_ALL_TABLES))
    def get_results(self, page: Any) -> Any:
        """Describe the rows; the view makes them."""
        raise NotImplementedError


class TablesView(APIView):
    """Lists the tables of a study with their columns."""

    @extend_schema(operation_id="tables_list", responses=TableSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        study = get_object_or_404(visible(Study.objects.all(), request.user), slug=slug)
        refuse_unknown(request, ())
        return Response([_described(part, request.path) for part in _all(study)])


class TableView(APIView):
    """Reads one table of a study, in the order that its definition says.

    Filters are columns, and each must equal the value given; a parameter that the table does not take is refused.
    Previews and simulated visits are left out, unless ?include=rehearsals asks for them. As CSV the file is the one of
    a release.
    """

    renderer_classes = (JSONRenderer, CSVRenderer)

    @extend_schema(
        operation_id="tables_retrieve",
        parameters=[*_PARAMETERS],
        responses={200: RowsSerializer, (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "The table.")},
    )
    def get(self, request: Request, slug: str, name: str) -> HttpResponseBase:
        study = get_object_or_404(visible(Study.objects.all(), request.user), slug=slug)
        include = request.query_params.get(INCLUDE, "")
        if include not in {"", REHEARSALS}:
            raise ValidationError({INCLUDE: [f"The only value that can be included is “{REHEARSALS}”."]})
        part, made_at = _find(study, name, rehearsals=bool(include))
        filters = _filters_of(part)
        refuse_unknown(request, [*filters, INCLUDE] if isinstance(part.rows, QuerySet) else filters)
        rows = _chosen(part, filters, request.query_params)
        if request.accepted_renderer.format == "csv":
            return _as_of(_csv(part.table, rows), made_at)
        pages = Pages()
        page = pages.paginate_queryset(rows, request, view=self)
        return _as_of(pages.get_paginated_response([_as_json(part.table, row) for row in page or []]), made_at)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer an error in the API's shape, also to who asked for CSV."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if getattr(answer, "exception", False):
            answer.accepted_renderer, answer.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return answer


def _as_of(response: HttpResponseBase, made_at: dt.datetime | None) -> HttpResponseBase:
    if made_at is not None:
        response[AS_OF] = write_time(made_at)
    return response


def _all(study: Study) -> Iterator[Source]:
    """Yield every table of a release; those of its statistics without rows."""
    yield from _stored(study)
    yield from (Source(table, ()) for table in _ANALYSED.values())


def _stored(study: Study) -> Iterator[Source]:
    """Yield the tables whose rows are read from the database as it is now."""
    yield from sources(study, read_people(study))
    yield from (Source(each.table, each.rows) for each in (*correction_tables(study).all, *pool_tables(study)))


def _find(study: Study, name: str, *, rehearsals: bool) -> tuple[Source, dt.datetime | None]:
    """The table of that name, and of statistics as of when. Raises NotFound, AnalysisNotReady."""
    if name in _ANALYSED:
        found = latest(study)
        if found.results is None:
            raise AnalysisNotReady(found.failure)
        filled = (*found.results.tables.all, *found.results.concepts.all)
        return next(Source(each.table, each.rows) for each in filled if each.table.name == name), found.made_at
    try:
        return source_of(study, name, rehearsals=rehearsals), None
    except KeyError:
        part = next((part for part in _stored(study) if part.table.name == name), None)
    if part is None:
        raise NotFound
    return part, None


def _filters_of(part: Source) -> Mapping[str, str]:
    if isinstance(part.rows, QuerySet):
        return part.filters
    return {name: name for name in part.table.header if name in _COMPUTED_FILTERS}


def _chosen(part: Source, filters: Mapping[str, str], given: Mapping[str, str]) -> QuerySet[Any, Any] | list[Any]:
    wanted = {name: given[name] for name in filters if name in given}
    check_values(part.table.columns, wanted)
    if isinstance(part.rows, QuerySet):
        rows = part.rows
        for name, value in wanted.items():  # cells say true and false, Django reads True and False
            rows = equal(rows, name, filters[name], {"true": "True", "false": "False"}.get(value, value))
        return rows
    cells = {column.name: column.read for column in part.table.columns}
    return [row for row in part if all(write_cell(cells[name](row)) == value for name, value in wanted.items())]


def _csv(table: Table[Any], rows: QuerySet[Any, Any] | list[Any]) -> StreamingHttpResponse:
    chosen = rows.iterator(2_000) if isinstance(rows, QuerySet) else iter(rows)
    headers = {"Content-Disposition": f'attachment; filename="{table.file}"'}
    return StreamingHttpResponse(
        csv_lines(table.lines(chosen)), content_type="text/csv; charset=utf-8", headers=headers
    )


def _as_json(table: Table[Any], row: Any) -> dict[str, Any]:
    return dict(zip(table.header, map(_plain, table.cells(row)), strict=True))


def _plain(cell: Cell) -> Any:
    if isinstance(cell, dt.datetime):
        return write_time(cell)
    return str(cell) if isinstance(cell, uuid.UUID) else cell


def _described(part: Source, path: str) -> dict[str, Any]:
    table = part.table
    names = ("name", "type", "unit", "range", "meaning", "computed")
    return {
        "name": table.name,
        "url": f"{path}{table.name}/",
        "meaning": table.meaning,
        "order": table.order,
        "filters": list(_filters_of(part)),
        "columns": [{name: getattr(column, name) for name in names} for column in table.columns],
    }
