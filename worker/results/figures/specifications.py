"""Specifications of figures, whichever kind of values they are of.

Lines: values on a horizontal axis, tasks below each other; people as dots, means and methods as marks with spread.
Curves: over numbers of people, with the area where 95% of orders lie.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from math import ceil, floor
from typing import Any

import altair as alt
import vl_convert
from altair.utils.schemapi import debug_mode

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.concepts.concept_figures import PhraseMap
from annotations.analysis.figures.chart_values import Chart, CurveChart, CurvePanel, Figure, Line, LineChart
from annotations.analysis.tables.filled_tables import StudyTables
from annotations.analysis.tables.measure_columns import SaturationPoint
from worker.results.figures.figure_data import release_figures
from worker.results.figures.layout import (
    CONFIG,
    INK,
    PALETTE,
    PAPER,
    QUIET,
    RULE,
    WIDE,
    Layout,
    Specification,
    map_specification,
    series_channels,
    whole_ticks,
    with_rows,
    wrapped,
    written,
)
from worker.results.figures.line_rows import TEXT, LineRows

_CAP = 9  # pixels of an interval's whiskers
_TEXT, _SAID = alt.Text("text:N"), alt.Description("description:N")


def line_specification(chart: LineChart, layout: Layout) -> Specification:
    """Return a chart that is not empty."""
    low, high = ends_of(chart)
    rows = LineRows(chart, layout, (low, high))
    for panel in chart.panels:
        rows.add_panel(panel)
    scale = alt.Scale(domain=[low, high], nice=False, clamp=True)
    numbers = "~%" if chart.unit == "share" else "~f"
    axis = alt.Axis(title=chart.axis, format=numbers, tickCount=layout.plot // 48, labelFlush=False)
    x = {"scale": scale, "axis": axis, "type": "quantitative"}
    drawn = rows.datasets
    layers = list(_texts(layout))  # of what has rows: an empty layer would be an image without words
    if drawn["references"]:
        layers += _references(x)
    if used := {row["series"] for row in (*drawn["dots"], *drawn["marks"])}:
        channels = series_channels([each for each in chart.series if each.name in used], layout, -layout.labels)
        layers += [*(_dots(x, channels) if drawn["dots"] else ()), *(_marks(x, channels) if drawn["marks"] else ())]
    return with_rows(alt.layer(*layers, width=layout.plot, height=rows.y), drawn)


def ends_of(chart: LineChart) -> tuple[float, float]:
    """Return the ends of the axis: 0 (or less, where values are) to 1, and minutes and points as far as they go."""
    values = list(chain.from_iterable(_values(line) for panel in chart.panels for line in panel.lines))
    least, most = min(values, default=0.0), max(values, default=1.0)
    if chart.unit == "points":
        return min(0.0, 10.0 * floor(least / 10)), max(10.0, 10.0 * ceil(most / 10))
    if chart.unit != "minutes":
        return min(0.0, floor(least * 10) / 10), 1.0
    return 0.0, float(max(ceil(most), 1))


def _values(line: Line) -> Iterator[float]:
    yield from (value for mark in line.marks for value in (mark.value, mark.low, mark.high) if value is not None)
    yield from (value for value, _ in line.dots)


def _of(name: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name=name)).encode(y=alt.Y("y:Q", scale=None, axis=None))


def _texts(layout: Layout) -> Iterator[alt.Chart]:
    left = alt.XValue(-layout.labels)
    rule = _of("rules").mark_rule(color=RULE, strokeWidth=0.5, aria=False)
    yield rule.encode(x=left, x2=alt.X2Value(layout.plot))
    look = {"align": "left", "baseline": "middle", "lineHeight": TEXT}
    titles, labels = (_of(name).encode(x=left, text=_TEXT) for name in ("titles", "labels"))
    yield titles.mark_text(**look, fontSize=12, fontWeight="bold", color=INK)
    yield labels.transform_filter("!datum.is_group").mark_text(**look, fontSize=11, color=INK)
    yield labels.transform_filter("datum.is_group").mark_text(**look, fontSize=11, color=QUIET, fontStyle="italic")


def _references(x: dict[str, Any]) -> Iterator[alt.Chart]:
    chart = _of("references").encode(x=alt.X("value", **x))
    rule = chart.mark_rule(color=QUIET, strokeDash=[4, 3], strokeWidth=1.2)
    yield rule.encode(y2=alt.Y2("end"), description=_SAID)
    for is_right in (False, True):
        near = chart.transform_filter("datum.is_right" if is_right else "!datum.is_right").encode(text=_TEXT)
        side: dict[str, Any] = {"align": "right", "dx": -4} if is_right else {"align": "left", "dx": 4}
        yield near.mark_text(**side, baseline="middle", fontSize=11, color=QUIET, aria=False)


def _dots(x: dict[str, Any], channels: dict[str, Any]) -> Iterator[alt.Chart]:
    """A dot for each person; those of the one that is pointed at stand out in every row."""
    person = alt.selection_point(name="person", fields=["who"], on="pointerover", clear="pointerout", empty=False)
    dots = _of("dots").mark_point(filled=True, opacity=0.6)
    yield dots.encode(
        x=alt.X("value", **x), size=alt.Size("size:Q", scale=None), description=_SAID, **channels,
        stroke=alt.condition(person, alt.value(INK), alt.value("transparent")),
        strokeWidth=alt.condition(person, alt.value(2), alt.value(0)),
    ).add_params(person)  # fmt: skip


def _marks(x: dict[str, Any], channels: dict[str, Any]) -> Iterator[alt.Chart]:
    """An interval has whiskers, a standard deviation a pale bar, a level a broken line: no symbol means two of them."""
    chart = _of("marks").encode(color=channels["color"])
    looks: dict[str, dict[str, Any]] = {
        "interval": {"strokeWidth": 1.6},
        "sd": {"strokeWidth": 9, "opacity": 0.3},
        "level": {"strokeWidth": 1.6, "strokeDash": [2, 2]},
    }
    for spread, look in looks.items():
        of_kind = chart.transform_filter(f"datum.spread == '{spread}'")
        yield of_kind.mark_rule(**look, aria=False).encode(x=alt.X("low", **x), x2=alt.X2("high:Q"))
        for end in {"interval": ("low", "high"), "level": ("high",)}.get(spread, ()):
            cap = of_kind.mark_tick(orient="vertical", size=_CAP, thickness=1.6, opacity=1, aria=False)
            yield cap.encode(x=alt.X(end, **x))
    points = chart.mark_point(filled=True, opacity=1, size=80, stroke=PAPER, strokeWidth=1)
    yield points.encode(x=alt.X("value", **x), shape=channels["shape"], description=_SAID)


_HEIGHT, _AXIS = 190, 40  # pixels


def curve_specification(chart: CurveChart, layout: Layout) -> Specification:
    """Return a chart that is not empty."""
    shown = [panel for panel in chart.panels if panel.points]
    panels = [_panel(panel, i, chart, layout) for i, panel in enumerate(shown)]
    datasets = {f"panel_{i}": _rows(panel, chart.unit) for i, panel in enumerate(shown)}
    return with_rows(alt.vconcat(*panels), datasets)


def _panel(panel: CurvePanel, number: int, chart: CurveChart, layout: Layout) -> alt.LayerChart:
    most = max(point.people for point in panel.points)
    scale = alt.Scale(domain=[1, max(most, 2)], nice=False)
    axis = alt.Axis(title="people", format="d", values=whole_ticks(1, most, layout.plot // 40), grid=False)
    high = 1.0 if chart.unit == "score" else max(point.high for point in panel.points)
    of_count = {"values": whole_ticks(0, high, 6), "format": "d"} if chart.unit == "number" else {"format": "~f"}
    y = {"scale": alt.Scale(domain=[0, high], nice=False), "axis": alt.Axis(title=chart.axis, **of_count)}
    rows = alt.Chart(alt.NamedData(name=f"panel_{number}")).encode(x=alt.X("people:Q", scale=scale, axis=axis))
    area = rows.mark_area(color=PALETTE[0], opacity=0.18, aria=False).encode(y=alt.Y("low:Q", **y), y2=alt.Y2("high:Q"))
    line = rows.mark_line(color=PALETTE[0], strokeWidth=2, aria=False).encode(y=alt.Y("mean:Q", **y))
    points = rows.mark_point(color=PALETTE[0], filled=True, size=28, opacity=1).encode(
        y=alt.Y("mean:Q", **y), description=alt.Description("description:N")
    )
    words = wrapped(panel.title, layout.width // 8)
    title = alt.TitleParams(text=words, fontSize=12, frame="group", anchor="start", offset=8, color=INK)
    return alt.layer(area, line, points, width=layout.width - _AXIS - 30, height=_HEIGHT, title=title)


def _rows(panel: CurvePanel, unit: str) -> list[dict[str, Any]]:
    return [
        {
            "panel": panel.key,
            "people": point.people,
            "mean": point.mean,
            "low": point.low,
            "high": point.high,
            "description": _words(point, unit),
        }
        for point in panel.points
    ]


def _words(point: SaturationPoint, unit: str) -> str:
    people = "1 person" if point.people == 1 else f"{point.people} people"
    low, high = written(point.low, unit), written(point.high, unit)
    return f"{people}: {written(point.mean, unit)}, 95% of orders from {low} to {high}"


PNG_SCALE = 2


def specification(figure: Figure, layout: Layout) -> Specification:
    """Return the Vega-Lite specification of a figure that is not empty, for a page that has its caption itself."""
    # Altair checks each part of a chart on the way, which takes nine tenths of the time: tests do.
    with debug_mode(arg=False):
        chart = _chart(figure.chart, layout)
    shown = {"config": CONFIG, "background": "transparent", "usermeta": {"figure": figure.key}}
    return {**chart, **shown}


def captioned(figure: Figure) -> Specification:
    """Return the specification of a figure for a file: title and caption are its description, which is not drawn."""
    return {**specification(figure, WIDE), "description": f"{figure.title}. {figure.caption}", "background": PAPER}


def _chart(chart: Chart, layout: Layout) -> Specification:
    if isinstance(chart, LineChart):
        return line_specification(chart, layout)
    if isinstance(chart, CurveChart):
        return curve_specification(chart, layout)
    assert isinstance(chart, PhraseMap), "there are three kinds of charts"
    return map_specification(chart.panels, layout)


def drawings(tables: StudyTables, concepts: ConceptTables, corrections: Iterable[Figure]) -> dict[str, bytes]:
    """Return the PNG of everything that is drawn of a study's values, by name."""
    figures = release_figures(tables, concepts, corrections)
    return {figure.key: png_of(captioned(figure)) for figure in figures}


def png_of(drawn: Specification) -> bytes:
    """Draw a specification."""
    return vl_convert.vegalite_to_png(drawn, scale=PNG_SCALE)
