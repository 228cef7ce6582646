"""The figures of a release, by matplotlib: SVG and PNG, the same bytes for the same tables.

Needs the extra `analysis`. What is drawn is what the results page draws: annotations.analysis.figures.
"""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib as mpl
from django.conf import settings
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from PIL import Image

from annotations.analysis.chart_values import CurveChart, CurvePanel, Figure, LineChart, Mark, Panel, Series
from annotations.analysis.figures import figures
from annotations.analysis.splits import PANEL_SIZE
from annotations.analysis.splits import Panel as Picture
from annotations.analysis.table3 import PhraseList
from annotations.analysis.tables import StudyTables
from annotations.charts.line_chart import axis_of
from annotations.charts.svg import INK, PALETTE, QUIET, RULE
from modeling.dataset_files import thumbnail_name

_MARKERS = {"circle": "o", "diamond": "D", "square": "s", "triangle": "^", "bar": "|"}
_SETTINGS: Any = {
    "svg.hashsalt": "clarify",  # ids in the file, else random
    "svg.fonttype": "path",  # looks the same without our fonts
    "font.family": "DejaVu Sans",  # matplotlib's own
    "font.size": 9.0,
    "text.parse_math": False,  # people type $ and _
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": INK,
}
_WIDTH, _LINE, _HEAD = 7.5, 0.34, 1.1  # inches
_TITLE, _LEGEND = 0.35, 0.25  # inches above the axes, and a line below them
_COLUMNS = 3  # of the legend
_DPI = 150
_WRAPPED = 60  # characters of a line in table 3
_MOST_PHRASES = 400  # of a list in the drawn table; the CSV has all


def draw_all(tables: StudyTables, directory: Path) -> list[Path]:
    """Draw every figure that has something to show into a directory that exists; return the files, sorted by name.

    Figures of values, the panels of images (where their data sets are here), and table 3; each as SVG and PNG.
    """
    with mpl.rc_context(_SETTINGS):
        written = [
            path for figure in figures(tables) if not figure.chart.is_empty for path in _figure(figure, directory)
        ]
        written += _panels(tables, directory)
        written += _table_3(tables, directory)
    return sorted(written)


def _figure(figure: Figure, directory: Path) -> Iterator[Path]:
    drawing = _lines(figure.chart) if isinstance(figure.chart, LineChart) else _curves(figure.chart)
    drawing.suptitle(figure.title, x=0.02, ha="left", fontsize=11, fontweight="bold")
    yield from _save(drawing, directory / figure.key)


def _lines(chart: LineChart) -> Drawing:
    heights = [len(panel.lines) + 1 for panel in chart.panels]
    legend = _legend(chart)
    below = _LEGEND * -(-len(legend) // _COLUMNS)
    drawing = _drawing(_HEAD + below + _LINE * sum(heights), below=below)
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


def _drawing(height: float, *, above: float = _TITLE, below: float = 0.0) -> Drawing:
    """A figure with room for its title and its legend, in inches.

    The rest is laid out by "tight": "constrained" asks a solver that does not always give the same of several answers.
    """
    drawing = Drawing(figsize=(_WIDTH, height))
    drawing.set_layout_engine("tight", rect=(0, below / height, 1, 1 - above / height))
    return drawing


def _line_panel(axes: Axes, panel: Panel, series: dict[str, Series]) -> None:
    axes.set_title(panel.title, loc="left", fontsize=9, fontweight="bold")
    axes.set_yticks(range(len(panel.lines)), [line.label for line in panel.lines])
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
    marker = _MARKERS[series.shape]
    axes.plot(
        [mark.value], [y], marker, color=colour, markersize=7, markeredgecolor="white" if marker != "|" else colour
    )


def _legend(chart: LineChart) -> list[Line2D]:
    used = {mark.series for panel in chart.panels for line in panel.lines for mark in line.marks}
    return [
        Line2D([], [], linestyle="", marker=_MARKERS[each.shape], color=PALETTE[each.colour], label=each.name)
        for each in chart.series
        if each.key in used
    ]


def _curves(chart: CurveChart) -> Drawing:
    panels = [panel for panel in chart.panels if panel.points]
    drawing = _drawing(0.5 + 2.4 * len(panels))
    for axes, panel in zip(drawing.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        _curve_panel(axes, panel)
        axes.set_ylabel(chart.axis)
        axes.set_ylim(bottom=0, top=1 if chart.unit == "score" else None)
    return drawing


def _curve_panel(axes: Axes, panel: CurvePanel) -> None:
    people = [point.people for point in panel.points]
    low, high = [point.low for point in panel.points], [point.high for point in panel.points]
    axes.set_title(panel.title, loc="left", fontsize=9, fontweight="bold")
    axes.fill_between(people, low, high, color=PALETTE[0], alpha=0.18, linewidth=0)
    axes.plot(
        people, [point.mean for point in panel.points], color=PALETTE[0], marker="o", markersize=2.5, linewidth=1.5
    )
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("people")


def _panels(tables: StudyTables, directory: Path) -> Iterator[Path]:
    """A row of images a phrase and slice, as the paper's figure 10; nothing where an image is not here."""
    rows = [
        (key, list(each)) for key, each in groupby(tables.panels.rows, lambda row: (row.task, row.phrase, row.slice))
    ]
    files = {picture: _thumbnail(picture) for _, each in rows for picture in each}
    if not rows or not all(path.is_file() for path in files.values()):
        return
    drawing = _drawing(0.4 + 1.05 * len(rows), above=0.0)
    grid = drawing.subplots(len(rows), PANEL_SIZE, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for line, ((_, phrase, part), pictures) in zip(grid, rows, strict=True):
        words = textwrap.shorten(f"{pictures[0].class_name}: “{phrase}”", 70)
        line[0].set_title(f"{words}, {part}", loc="left", fontsize=7)
        for axes, picture in zip(line, pictures, strict=False):
            with Image.open(files[picture]) as image:
                axes.imshow(image.convert("RGB"))
            if picture.is_error:
                axes.text(0.03, 0.97, "wrong", transform=axes.transAxes, fontsize=5, va="top", color="white",
                          bbox={"facecolor": "#8f2d0c", "edgecolor": "none", "pad": 1})  # fmt: skip
    yield from _save(drawing, directory / "panels")


def _thumbnail(picture: Picture) -> Path:
    return Path(settings.DATA_ROOT) / picture.directory / thumbnail_name(picture.image_key)


def _table_3(tables: StudyTables, directory: Path) -> Iterator[Path]:
    """Table 3 in the paper's layout: a row a list, a column a task."""
    if not tables.table_3.rows:
        return
    cells = [
        [_cell([row.text for row in tables.table_3.rows if (row.task, row.phrase_list) == (task.position, name)])
         for task in tables.tasks]
        for name in PhraseList
    ]  # fmt: skip
    heights = [max(1, *(cell.count("\n") + 1 for cell in row)) * 0.15 + 0.2 for row in cells]
    width = 1.4 + 4.2 * len(tables.tasks)
    drawing = Drawing(figsize=(width, sum(heights) + 0.5))
    top = sum(heights) + 0.5
    places = [0.1, *(1.5 + 4.2 * i for i in range(len(tables.tasks)))]
    _write(drawing, ["Phrase Category", *(task.title for task in tables.tasks)], places, top - 0.2, bold=True)
    y = top - 0.5
    for name, row, height in zip(PhraseList, cells, heights, strict=True):
        _write(drawing, [textwrap.fill(name.value, 18), *row], places, y)
        y -= height
    yield from _save(drawing, directory / "table-3")


def _write(drawing: Drawing, words: Sequence[str], places: Sequence[float], y: float, *, bold: bool = False) -> None:
    width, height = drawing.get_size_inches()
    for text, x in zip(words, places, strict=True):
        drawing.text(
            x / width,
            y / height,
            text,
            va="top",
            fontsize=7.5,
            fontweight="bold" if bold else "normal",
        )


def _cell(texts: list[str]) -> str:
    shown = ", ".join(texts[:_MOST_PHRASES])
    more = f", and {len(texts) - _MOST_PHRASES:,} more" if len(texts) > _MOST_PHRASES else ""
    return textwrap.fill(shown + more, _WRAPPED)


def _save(drawing: Drawing, stem: Path) -> Iterator[Path]:
    FigureCanvasAgg(drawing)
    metadata: dict[str, dict[str, Any]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
    for kind, of_kind in metadata.items():
        path = stem.with_suffix(f".{kind}")
        drawing.savefig(path, dpi=_DPI, metadata=of_kind, facecolor="white")
        yield path
