"""Curves over numbers of people, with the area where 95% of orders lie; tasks below each other."""

from typing import Any

import altair as alt

from annotations.analysis.figures.chart_values import CurveChart, CurvePanel
from annotations.analysis.tables.saturation_columns import SaturationPoint
from worker.results.figures.layout import INK, PALETTE, Layout, Specification, whole_ticks, with_rows, wrapped, written

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
