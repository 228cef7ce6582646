"""Draws a figure, whichever kind of chart it has."""

from annotations.analysis.figures.chart_values import Figure, LineChart
from annotations.charts.curve_chart import draw_curves
from annotations.charts.line_chart import draw_lines


def draw(figure: Figure, *, is_log: bool = False) -> str:
    """Return a figure that is not empty as SVG. is_log: of the axis that can be."""
    if isinstance(figure.chart, LineChart):
        return draw_lines(figure.chart, figure.title, is_log=is_log)
    return draw_curves(figure.chart, figure.title, is_log=is_log)
