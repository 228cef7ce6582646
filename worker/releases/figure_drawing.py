"""The figures of a release, by matplotlib: SVG and PNG, the same bytes for the same values.

What is drawn is what the pages of results, concepts and corrections draw.
"""

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from annotations.analysis.figures.chart_values import CurveChart, CurvePanel, LineChart, Mark, Panel, Series
from annotations.charts.line_chart import axis_of
from annotations.charts.svg import PALETTE, RULE
from worker.releases.figure_data import Chart, FigureData
from worker.releases.figure_style import SETTINGS, drawable, drawing_of, save
from worker.releases.image_figures import draw_map, draw_panels, draw_table_3

MARKERS = {"circle": "o", "diamond": "D", "square": "s", "triangle": "^", "bar": "|"}
_LINE, _HEAD = 0.34, 1.1  # inches
_LEGEND = 0.25  # inches of a line below the axes
_COLUMNS = 3  # of the legend


def draw_all(pictures: FigureData, directory: Path) -> list[Path]:
    """Draw every figure into a directory that exists; return the files, sorted by name.

    Figures of values, maps of phrases, panels of images (where their data sets are here), and table 3; each as SVG and
    PNG.
    """
    with mpl.rc_context(SETTINGS):
        written = [path for chart in pictures.charts for path in _chart(chart, directory)]
        written += draw_map(pictures.maps, directory)
        written += draw_panels(pictures.panels, directory)
        written += draw_table_3(pictures.table_3, directory)
    return sorted(written)


def _chart(figure: Chart, directory: Path) -> Iterator[Path]:
    drawing = _lines(figure.chart) if isinstance(figure.chart, LineChart) else _curves(figure.chart)
    drawing.suptitle(drawable(figure.title), x=0.02, ha="left", fontsize=11, fontweight="bold")
    yield from save(drawing, directory / figure.key)


def _lines(chart: LineChart) -> Drawing:
    heights = [len(panel.lines) + 1 for panel in chart.panels]
    legend = _legend(chart)
    below = _LEGEND * -(-len(legend) // _COLUMNS)
    drawing = drawing_of(_HEAD + below + _LINE * sum(heights), below=below)
    scale = axis_of(chart)
    series = {each.key: each for each in chart.series}
    all_axes = drawing.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, panel in zip(all_axes, chart.panels, strict=True):
        _line_panel(axes, panel, series)
        axes.set_xlim(scale.low - 0.01 * scale.high, 1.01 * scale.high)
    all_axes[-1].set_xlabel(chart.axis)
    if chart.unit == "share":
        all_axes[-1].xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%")
    drawing.legend(handles=legend, loc="lower left", ncols=_COLUMNS, frameon=False, fontsize=8)
    return drawing


def _line_panel(axes: Axes, panel: Panel, series: dict[str, Series]) -> None:
    axes.set_title(drawable(panel.title), loc="left", fontsize=9, fontweight="bold")
    axes.set_yticks(range(len(panel.lines)), [drawable(line.label) for line in panel.lines])
    axes.set_ylim(len(panel.lines) - 0.4, -0.6)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    for y, line in enumerate(panel.lines):
        n = len(line.dots)
        offsets = [y + 0.22 * ((i % 5) / 2 - 1) for i in range(n)]  # so that equal values do not hide each other
        axes.plot([value for value, _ in line.dots], offsets, ".", color=PALETTE[0], alpha=0.35, markersize=5)
        for place, mark in enumerate(line.marks):
            _mark(axes, mark, y + line.offset(place), series[mark.series])


def _mark(axes: Axes, mark: Mark, y: float, series: Series) -> None:
    colour = PALETTE[series.colour]
    if mark.low is not None and mark.high is not None:
        around = [[max(0.0, mark.value - mark.low)], [max(0.0, mark.high - mark.value)]]
        axes.errorbar([mark.value], [y], xerr=around, color=colour, capsize=3, linewidth=1.2, fmt="none")
    marker = MARKERS[series.shape]
    axes.plot(
        [mark.value], [y], marker, color=colour, markersize=7, markeredgecolor="white" if marker != "|" else colour
    )


def _legend(chart: LineChart) -> list[Line2D]:
    used = {mark.series for panel in chart.panels for line in panel.lines for mark in line.marks}
    return [
        Line2D([], [], linestyle="", marker=MARKERS[each.shape], color=PALETTE[each.colour], label=each.name)
        for each in chart.series
        if each.key in used
    ]


def _curves(chart: CurveChart) -> Drawing:
    panels = [panel for panel in chart.panels if panel.points]
    drawing = drawing_of(0.5 + 2.4 * len(panels))
    for axes, panel in zip(drawing.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        _curve_panel(axes, panel)
        axes.set_ylabel(chart.axis)
        axes.set_ylim(bottom=0, top=1 if chart.unit == "score" else None)
    return drawing


def _curve_panel(axes: Axes, panel: CurvePanel) -> None:
    people = [point.people for point in panel.points]
    low, high = [point.low for point in panel.points], [point.high for point in panel.points]
    axes.set_title(drawable(panel.title), loc="left", fontsize=9, fontweight="bold")
    axes.fill_between(people, low, high, color=PALETTE[0], alpha=0.18, linewidth=0)
    axes.plot(
        people, [point.mean for point in panel.points], color=PALETTE[0], marker="o", markersize=2.5, linewidth=1.5
    )
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("people")
