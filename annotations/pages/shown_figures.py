"""Figures on the admin's pages: as a worker has drawn them, with their data beside them, and as files."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import mark_safe

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.figures.drawn_figures import StoredFigures
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.base.tables.columns import Cell, csv_text, write_cell
from annotations.pages.study_pages import CSV, JSON, PDF, SVG, file_answer

_SHOWN_ROWS = 100  # of a figure's data on the page; its file has all


def shown_figure(figure: Figure, figures: StoredFigures, query: str = "?") -> dict[str, Any]:
    """Return a figure ready to show.

    drawn: SVG by its layout, none where it is not drawn; query: what leads to its files; lead and rest: the first
    sentence of its definition and the others, which are folded.
    """
    rows, table, drawn = figure.data.rows, figure.data.table, figures.get(figure.key)
    layouts = {} if drawn is None or figure.chart.is_empty else drawn.layouts
    lead, _, rest = figure.definition.partition(". ")
    return {
        "figure": figure,
        "lead": f"{lead}." if rest else lead,
        "rest": rest,
        "has_pdf": drawn is not None and bool(drawn.pdf),
        "drawn": {key: mark_safe(each.svg) for key, each in layouts.items() if each.svg},  # noqa: S308  # its text is escaped
        "header": table.header,
        "lines": [[_cell(cell) for cell in table.cells(row)] for row in rows[:_SHOWN_ROWS]],
        "n_more": max(0, len(rows) - _SHOWN_ROWS),
        "query": query,
    }


def figure_answer(request: HttpRequest, figures: StoredFigures, prefix: str) -> HttpResponse:
    """Hand out the figure that `?figure=` names as a file; with `&layout=` what its page's script draws."""
    key = request.GET["figure"]
    drawn = figures.get(key)
    if drawn is None:
        raise Http404
    if "pdf" in request.GET and drawn.pdf:
        return file_answer(drawn.pdf, PDF, f"{prefix}-{key}.pdf")
    if "layout" not in request.GET:
        return file_answer(drawn.file, SVG, f"{prefix}-{key}.svg")
    layout = drawn.layouts.get(request.GET["layout"])
    if layout is None:
        raise Http404
    return HttpResponse(layout.vega, content_type=JSON)


def table_answer(request: HttpRequest, tables: Iterable[FilledTable[Any]], prefix: str) -> HttpResponse:
    """Hand out the table that `?table=` names as a file."""
    file = request.GET["table"]
    filled = next((each for each in tables if each.table.file == file), None)
    if filled is None:
        raise Http404
    text = csv_text(filled.table.header, map(filled.table.cells, filled.rows))
    return file_answer(text, CSV, f"{prefix}-{file}")


def _cell(cell: Cell) -> str:
    """A cell as the page shows it: with four digits; the file has all."""
    return f"{cell:.4g}" if isinstance(cell, float) else write_cell(cell)
