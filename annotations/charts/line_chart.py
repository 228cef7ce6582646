"""A line chart as SVG: tasks below each other, in each a line for each kind of value, dots for people."""

import hashlib
from collections.abc import Iterator

from annotations.analysis.figures.chart_values import Line, LineChart, Mark, Series
from annotations.charts import legend, svg
from annotations.charts.legend import Entry, draw_legend, lines_of
from annotations.charts.scales import Scale, round_up

WIDTH, LEFT, RIGHT = 720.0, 220.0, 24.0
LINE, TITLE, LEGEND, AXIS = 34.0, 36.0, 30.0, 44.0
_DOT, _MARK = 3.5, 6.0
_LONGEST = 30  # characters of a line's label
_MIN_LOG = 0.05


def draw_lines(chart: LineChart, label: str, *, is_log: bool = False) -> str:
    """Return the chart as SVG. is_log: of its axis."""
    n_lines = sum(len(panel.lines) for panel in chart.panels)
    height = _top(chart) + TITLE * len(chart.panels) + LINE * n_lines + AXIS
    scale = axis_of(chart, is_log=is_log)
    return svg.document(_parts(chart, scale, height), WIDTH, height, label)


def axis_of(chart: LineChart, *, is_log: bool = False) -> Scale:
    """Return the axis: scores and shares from 0 to 1, minutes as far as they go."""
    if chart.unit != "minutes":
        return Scale(0.0, 1.0, LEFT, WIDTH - RIGHT)
    values = [value for panel in chart.panels for line in panel.lines for value in _values(line)]
    high = round_up(max(values, default=1.0))
    low = max(_MIN_LOG, min((value for value in values if value > 0), default=_MIN_LOG)) if is_log else 0.0
    return Scale(low, max(high, 2 * low), LEFT, WIDTH - RIGHT, is_log)


def written(value: float, unit: str) -> str:
    """Return a value as a reader wants it.

    >>> written(0.634, "share"), written(0.41, "score"), written(2.7, "minutes"), written(12.0, "number")
    ('63.4%', '.41', '2.7 min', '12.0')
    """
    if unit == "share":
        return f"{value:.1%}"
    if unit == "minutes":
        return f"{value:.1f} min"
    if unit == "score":
        return f"{value:.2f}".removeprefix("0") if value < 1 else "1.00"
    return f"{value:.1f}"


def tick_label(value: float, unit: str) -> str:
    return f"{100 * value:g}%" if unit == "share" else f"{value:g}"


def _legend(chart: LineChart) -> list[Entry]:
    used = {mark.series for panel in chart.panels for line in panel.lines for mark in line.marks}
    return [Entry(each.shape, each.colour, each.name) for each in chart.series if each.key in used]


def _top(chart: LineChart) -> float:
    """Where the first panel begins: below the legend."""
    return LEGEND + legend.LINE * max(0, len(lines_of(_legend(chart), WIDTH)) - 1)


def _values(line: Line) -> list[float]:
    marked = [value for mark in line.marks for value in (mark.value, mark.low, mark.high) if value is not None]
    return [*marked, *(value for value, _ in line.dots)]


def _parts(chart: LineChart, scale: Scale, height: float) -> Iterator[str]:
    series = {each.key: each for each in chart.series}
    top, bottom = _top(chart), height - AXIS
    yield from draw_legend(_legend(chart), 18.0, WIDTH)
    for tick in scale.ticks:
        x = scale(tick)
        yield svg.element("line", x1=x, x2=x, y1=top, y2=bottom, stroke=svg.RULE, class_="rule")
        yield svg.quiet(tick_label(tick, chart.unit), x, bottom + 16)
    yield svg.quiet(chart.axis, (LEFT + WIDTH - RIGHT) / 2, bottom + 36)
    y = top
    for panel in chart.panels:
        y += TITLE
        yield svg.text(_short(panel.title, 80), 4.0, y - 12, font_weight=600, class_="ink")
        for line in panel.lines:
            yield from _line(line, y + LINE / 2, scale, series, chart.unit)
            y += LINE


def _line(line: Line, y: float, scale: Scale, series: dict[str, Series], unit: str) -> Iterator[str]:
    yield svg.text(_short(line.label, _LONGEST), LEFT - 12, y + 4, text_anchor="end", class_="ink")
    yield svg.element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, stroke=svg.RULE, class_="rule faint")
    for value, who in line.dots:
        place = {"cx": scale(value), "cy": _jittered(y, who), "r": _DOT}
        dot = svg.element("circle", **place, fill=svg.PALETTE[0], fill_opacity=0.35, class_="dot")
        yield svg.point(f"{line.label}, {who}: {written(value, unit)}", dot, series=0)
    for i, mark in enumerate(line.marks):
        yield _mark(line, mark, y + LINE * line.offset(i), scale, series[mark.series], unit)


def _mark(line: Line, mark: Mark, y: float, scale: Scale, series: Series, unit: str) -> str:
    label = f"{line.label}, {mark.label}: {written(mark.value, unit)}"
    parts = []
    if mark.low is not None and mark.high is not None:
        label += f", from {written(mark.low, unit)} to {written(mark.high, unit)}"
        parts.append(svg.whisker(scale(mark.low), scale(mark.high), y, series.colour))
    fill = {"fill": svg.PALETTE[series.colour], "class_": f"fill-{series.colour} edge"}
    parts.append(svg.shape(series.shape, scale(mark.value), y, _MARK, stroke=svg.PAPER, stroke_width=1.5, **fill))
    return svg.point(label, *parts, series=series.colour)


def _jittered(y: float, who: str) -> float:
    """Up to 9 px above or below, always the same for a person."""
    return y + (hashlib.sha256(who.encode()).digest()[0] / 255 - 0.5) * 18


def _short(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"
