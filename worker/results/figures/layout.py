"""What all specifications share: widths, colours, shapes, numbers as readers want them."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from annotations.analysis.figures.chart_values import Series, Shape

Specification = dict[str, Any]

INK, QUIET, RULE, PAPER = "#1d1d1f", "#5f6068", "#d9d9de", "#ffffff"
# Okabe and Ito's palette, which colour-blind people can tell apart, darkened to be seen on white.
PALETTE = ("#0069a8", "#c75000", "#007a5a", "#8a5fb0", "#5f6068")
SHAPES: dict[Shape, str] = {
    "circle": "circle",
    "diamond": "diamond",
    "square": "square",
    "triangle": "triangle-up",
    "bar": "M-.3,-1h.6v2h-.6z",
}
FONT = "DejaVu Sans, Verdana, sans-serif"  # one that Linux has: text is measured where it is drawn


@dataclass(frozen=True)
class Layout:
    """How wide a figure is, in CSS pixels: labels on the left, the rest for the plot.

    characters: in a line of a label, of a group's name, and of a caption; columns: of a legend.
    """

    key: str
    labels: int
    plot: int
    label_characters: int
    group_characters: int
    caption_characters: int
    columns: int

    @property
    def width(self) -> int:
        return self.labels + self.plot


WIDE = Layout("wide", 210, 490, 32, 100, 116, 2)
NARROW = Layout("narrow", 116, 214, 17, 48, 52, 1)  # for a screen of 390
LAYOUTS = (WIDE, NARROW)
LEGEND_LINE, LEGEND_GAP = 16, 8

CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": PAPER,
    "view": {"stroke": None},
    "axis": {
        "domain": False, "ticks": False, "gridColor": RULE, "labelColor": QUIET, "titleColor": QUIET,
        "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "titlePadding": 8,
    },
    "legend": {"labelColor": QUIET, "labelFontSize": 11, "labelLimit": 0, "symbolSize": 70, "symbolStrokeWidth": 0},
    "title": {
        "anchor": "start", "frame": "bounds", "color": INK, "fontSize": 14, "subtitleColor": QUIET,
        "subtitleFontSize": 11, "subtitleLineHeight": 15, "subtitlePadding": 6, "offset": 14,
    },
}  # fmt: skip


def with_rows(chart: alt.LayerChart | alt.VConcatChart, rows: Mapping[str, list[dict[str, Any]]]) -> Specification:
    """Return a chart's specification with its named data sets, which altair alone would copy many times."""
    return {**chart.to_dict(validate=False), "datasets": dict(rows)}


def wrapped(words: str, characters: int, most: int = 99) -> list[str]:
    """Return the words in lines; of more than `most` lines, the last one ends with an ellipsis."""
    return textwrap.wrap(words, characters, max_lines=most, placeholder="…") or [""]


def series_channels(series: Sequence[Series], layout: Layout, left: float = 0.0) -> dict[str, Any]:
    """Return the channels that tell series apart by colour and shape, with one legend of both above the plot.

    left: where the legend begins, in pixels from the plot.
    """
    names = [each.name for each in series]
    columns = min(layout.columns, len(names))
    above = LEGEND_LINE * -(-len(names) // columns) + LEGEND_GAP
    legend = alt.Legend(title=None, orient="none", legendX=left, legendY=-above, columns=columns, padding=0, offset=0)
    colours = alt.Scale(domain=names, range=[PALETTE[each.colour] for each in series])
    shapes = alt.Scale(domain=names, range=[SHAPES[each.shape] for each in series])
    return {
        "color": alt.Color("series:N", scale=colours, legend=legend),
        "shape": alt.Shape("series:N", scale=shapes, legend=legend),
    }


def written(value: float, unit: str) -> str:
    """Return a value as a reader wants it.

    >>> written(0.634, "share"), written(0.41, "score"), written(2.7, "minutes"), written(12.0, "number")
    ('63.4%', '.41', '2.7 min', '12.0')
    """
    if unit == "share":
        return f"{value:.1%}"
    if unit == "points":
        return f"{value:+.1f} points"
    if unit == "minutes":
        return f"{value:.1f} min"
    if unit == "score":
        return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.2f}"
    return f"{value:.1f}"


def whole_ticks(low: int, high: float, most: int) -> list[int]:
    """Return whole numbers from low to high, at most `most` of them: low, then round ones.

    >>> whole_ticks(1, 26, 8), whole_ticks(0, 3, 5)
    ([1, 5, 10, 15, 20, 25], [0, 1, 2, 3])
    """
    steps = (digit * 10**power for power in range(12) for digit in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step < most)
    return [low, *range(low - low % step + step, int(high) + 1, step)]
