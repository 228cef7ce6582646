"""Curves over numbers of people as SVG, with the band where 95% of orders lie; tasks below each other."""

from collections.abc import Iterator, Sequence

from annotations.analysis.figures.chart_values import CurveChart, CurvePanel
from annotations.analysis.tables.saturation_columns import SaturationPoint
from annotations.charts import svg
from annotations.charts.line_chart import WIDTH, written
from annotations.charts.scales import Scale, round_up

LEFT, RIGHT, TOP, HEIGHT, AXIS = 56.0, 24.0, 34.0, 180.0, 44.0


def draw_curves(chart: CurveChart, label: str, *, is_log: bool = False) -> str:
    """Return the chart as SVG. is_log: of the axis of people."""
    shown = [panel for panel in chart.panels if panel.points]
    block = TOP + HEIGHT + AXIS
    parts = (part for i, panel in enumerate(shown) for part in _panel(chart, panel, i * block, is_log=is_log))
    return svg.document(parts, WIDTH, block * len(shown), label)


def _panel(chart: CurveChart, panel: CurvePanel, top: float, *, is_log: bool) -> Iterator[str]:
    points = panel.points
    bottom = top + TOP + HEIGHT
    most = max(points[-1].people, 2)
    across = Scale(1.0, float(most), LEFT, WIDTH - RIGHT, is_log)
    high = 1.0 if chart.unit == "score" else round_up(max(point.high for point in points))
    up = Scale(0.0, high, bottom, top + TOP)
    yield svg.text(panel.title, 4.0, top + 18, font_weight=600, class_="ink")
    yield from _axes(chart, across, up, bottom)
    band = _band(points, across, up)
    yield svg.element("polygon", points=band, fill=svg.PALETTE[0], fill_opacity=0.18, class_="band")
    line = " ".join(_place(across(point.people), up(point.mean)) for point in points)
    yield svg.element("polyline", points=line, fill="none", stroke=svg.PALETTE[0], stroke_width=2, class_="line-0")
    for point in points:
        dot = svg.shape("circle", across(point.people), up(point.mean), 3.0, fill=svg.PALETTE[0], class_="fill-0")
        yield svg.point(_words(point, chart.unit), dot, series=0)


def _axes(chart: CurveChart, across: Scale, up: Scale, bottom: float) -> Iterator[str]:
    for tick in up.ticks:
        y = up(tick)
        yield svg.element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, stroke=svg.RULE, class_="rule")
        yield svg.quiet(f"{tick:g}", LEFT - 8, y + 4, "end")
    for tick in across.ticks:
        if tick == int(tick):
            yield svg.quiet(f"{tick:g}", across(tick), bottom + 16)
    yield svg.quiet(f"people; upwards: {chart.axis}", (LEFT + WIDTH - RIGHT) / 2, bottom + 34)


def _band(points: Sequence[SaturationPoint], across: Scale, up: Scale) -> str:
    above = [_place(across(point.people), up(point.high)) for point in points]
    below = [_place(across(point.people), up(point.low)) for point in reversed(points)]
    return " ".join([*above, *below])


def _place(x: float, y: float) -> str:
    return f"{svg.number(x)},{svg.number(y)}"


def _words(point: SaturationPoint, unit: str) -> str:
    people = "1 person" if point.people == 1 else f"{point.people} people"
    low, high = written(point.low, unit), written(point.high, unit)
    return f"{people}: {written(point.mean, unit)}, from {low} to {high}"
