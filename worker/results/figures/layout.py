"""What all specifications share: widths, colours, shapes, numbers as readers want them; and the map of phrases."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import altair as alt

from annotations.analysis.concepts.concept_columns import Place
from annotations.analysis.concepts.concept_figures import MAX_COLOURED, MapPanel
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

    characters: in a line of a label and of a group's name; columns: of a legend.
    """

    key: str
    labels: int
    plot: int
    label_characters: int
    group_characters: int
    columns: int

    @property
    def width(self) -> int:
        return self.labels + self.plot


WIDE = Layout("wide", 210, 490, 32, 100, 2)
NARROW = Layout("narrow", 116, 214, 17, 48, 1)  # for a screen of 390
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
        return f"{value:+.1f} points".replace("-", "\N{MINUS SIGN}")  # as on the axis
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


_HEIGHT, _MARGIN = 340.0, 24.0  # pixels
_SHAPES: tuple[Shape, ...] = ("circle", "diamond", "square", "triangle")
_OTHERS = Series("others", "other concepts, or none", "circle", MAX_COLOURED)
_LEAST, _MOST = 6.0, 22.0  # pixels of a mark
_LONGEST = 24  # characters of a name
_LETTER, _NAME_HEIGHT = 6.4, 13  # pixels of a letter, about, and of a line


def map_specification(panels: tuple[MapPanel, ...], layout: Layout) -> Specification:
    """Return the maps, one below the other. Both axes have one scale: distances mean the same in every direction."""
    rows = {f"panel_{i}": _rows(panel, layout) for i, panel in enumerate(panels)}
    charts = [_panel(panel, i, layout) for i, panel in enumerate(panels)]
    return with_rows(alt.vconcat(*charts).resolve_scale(color="independent", shape="independent"), rows)


def _panel(panel: MapPanel, number: int, layout: Layout) -> alt.LayerChart:
    places = {
        "x": alt.X("px:Q", scale=None, axis=None),
        "y": alt.Y("py:Q", scale=None, axis=None),
    }
    chart = alt.Chart(alt.NamedData(name=f"panel_{number}")).encode(**places)
    used = {_series(panel, place).name: _series(panel, place) for place in panel.places}
    series = sorted(used.values(), key=lambda each: each.colour)
    marks = chart.mark_point(filled=True, opacity=0.8, stroke=PAPER, strokeWidth=1).encode(
        size=alt.Size("size:Q", scale=None),
        description=alt.Description("description:N"),
        **series_channels(series, layout),
    )
    names = chart.transform_filter("datum.is_named").encode(text=alt.Text("name:N"))
    words = [
        names.transform_filter(f"{'' if is_left else '!'}datum.is_left")
        .mark_text(align="right" if is_left else "left", baseline="middle", fontSize=11, color=INK, aria=False)
        .encode(x=alt.X("name_at:Q", scale=None, axis=None))
        for is_left in (False, True)
    ]
    title = alt.TitleParams(text=wrapped(panel.title, layout.width // 8), fontSize=12, anchor="start", frame="group")
    view = alt.ViewConfig(stroke=RULE)
    return alt.layer(marks, *words, width=layout.width, height=_HEIGHT, title=title, view=view)


def _series(panel: MapPanel, place: Place) -> Series:
    kind = place.number - 1
    if kind < 0 or kind >= min(MAX_COLOURED, len(panel.names)):
        return _OTHERS
    return Series(str(kind), _short(panel.names[kind]), _SHAPES[kind], kind)


def _rows(panel: MapPanel, layout: Layout) -> list[dict[str, Any]]:
    spots = _spots(panel.places, layout.width)
    rows = [
        {
            "panel": place.task,
            "text": place.text,
            "concept": place.number,
            "x": place.x,
            "y": place.y,
            "px": px,
            "py": py,
            "size": _diameter(place) ** 2,
            "series": _series(panel, place).name,
            "description": _words(place),
            "is_named": False,
        }
        for place, (px, py) in zip(panel.places, spots, strict=True)
    ]
    _name(panel, rows, layout.width)
    return rows


def _spots(places: tuple[Place, ...], width: float) -> list[tuple[float, float]]:
    xs, ys = [place.x for place in places], [place.y for place in places]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    inside, tall = width - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN
    scale = min(inside / wide if wide else inside, tall / high if high else tall)
    middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [
        (width / 2 + scale * (x - middle[0]), _HEIGHT / 2 - scale * (y - middle[1]))
        for x, y in zip(xs, ys, strict=True)
    ]


def _name(panel: MapPanel, rows: list[dict[str, Any]], width: float) -> None:
    """Write names beside marks, those first that most people said, as long as none lies on another or on a mark."""
    taken: list[tuple[float, float, float]] = []
    for i in sorted(range(len(rows)), key=lambda i: (-panel.places[i].people, -panel.places[i].error_score)):
        row, words = rows[i], _short(panel.places[i].text)
        far, long, y = _diameter(panel.places[i]) / 2 + 3, _LETTER * len(words), row["py"]
        is_left = row["px"] + far + long > width
        start = row["px"] - far - long if is_left else row["px"] + far
        others = [(each["px"], each["px"], each["py"]) for each in rows if each is not row]
        if start < 0 or any(
            abs(y - at) < _NAME_HEIGHT and start < right and left < start + long
            for left, right, at in (*taken, *others)
        ):
            continue
        taken.append((start, start + long, y))
        at = row["px"] - far if is_left else row["px"] + far
        row.update(is_named=True, is_left=is_left, name=words, name_at=at)


def _diameter(place: Place) -> float:
    return min(_LEAST + 4 * sqrt(place.people + place.experts - 1), _MOST)


def _words(place: Place) -> str:
    people = "1 person" if place.people == 1 else f"{place.people} people"
    experts = f", {place.experts} expert{'s' if place.experts > 1 else ''}" if place.experts else ""
    concept = f"concept {place.number}" if place.number else "no concept"
    return f"“{place.text}”, {concept}: {people}{experts}, error score {written(place.error_score, 'score')}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
