"""Figures on the admin's pages: as a worker has drawn them, with their data beside them, and as files."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from annotations.admin.common.study_pages import JSON, SVG, file_answer
from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.figures.drawn_figures import StoredFigures
from annotations.tables.columns import Cell, write_cell

_SHOWN_ROWS = 100  # of a figure's data on the page; its file has all


@dataclass(frozen=True)
class ShownFigure:
    """A figure ready to show. drawn: SVG by its layout, none where it is not drawn; query: what leads to its files."""

    figure: Figure
    drawn: dict[str, SafeString]
    has_log: bool
    header: list[str]
    lines: list[list[str]]
    n_more: int
    query: str


def shown_figure(figure: Figure, figures: StoredFigures, query: str = "?") -> ShownFigure:
    """Return a figure with its drawing, if there is one."""
    rows, table, drawn = figure.data.rows, figure.data.table, figures.get(figure.key)
    layouts = {} if drawn is None or figure.chart.is_empty else drawn.layouts
    return ShownFigure(
        figure,
        {key: mark_safe(each.svg) for key, each in layouts.items() if each.svg},  # noqa: S308  # its text is escaped
        figure.chart.has_log,
        table.header,
        [[_cell(cell) for cell in table.cells(row)] for row in rows[:_SHOWN_ROWS]],
        max(0, len(rows) - _SHOWN_ROWS),
        query,
    )


def figure_answer(request: HttpRequest, figures: StoredFigures, prefix: str) -> HttpResponse:
    """Hand out the figure that `?figure=` names as a file; with `&layout=` what its page's script draws."""
    key = request.GET["figure"]
    drawn = figures.get(key)
    if drawn is None:
        raise Http404
    if "layout" not in request.GET:
        return file_answer(drawn.file, SVG, f"{prefix}-{key}.svg")
    layout = drawn.layouts.get(request.GET["layout"])
    if layout is None:
        raise Http404
    return HttpResponse(layout.vega, content_type=JSON)


def _cell(cell: Cell) -> str:
    """A cell as the page shows it: with four digits; the file has all."""
    return f"{cell:.4g}" if isinstance(cell, float) else write_cell(cell)
