"""The specification of a figure, whichever kind of values it is of, and what is written in its file."""

from altair.utils.schemapi import debug_mode

from annotations.analysis.concepts.concept_figures import PhraseMap
from annotations.analysis.figures.chart_values import Chart, CurveChart, Figure, LineChart
from worker.figures.curve_specification import curve_specification
from worker.figures.layout import CONFIG, PAPER, WIDE, Layout, Specification, wrapped
from worker.figures.line_specification import line_specification
from worker.figures.map_specification import map_specification


def specification(figure: Figure, layout: Layout, *, is_log: bool = False) -> Specification:
    """Return the Vega-Lite specification of a figure that is not empty, for a page that has its caption itself."""
    with debug_mode(
        arg=False
    ):  # altair checks each part of a chart on the way, which takes nine tenths of the time: tests do
        chart = _chart(figure.chart, layout, is_log=is_log)
    shown = {"config": CONFIG, "background": "transparent", "usermeta": {"figure": figure.key}}
    return {**chart, **shown}


def captioned(figure: Figure) -> Specification:
    """Return the specification of a figure with its title and caption, for a file that stands by itself."""
    title = {
        "text": wrapped(figure.title, WIDE.caption_characters * 3 // 4),
        "subtitle": wrapped(figure.caption, WIDE.caption_characters),
    }
    return {**specification(figure, WIDE), "title": title, "background": PAPER}


def _chart(chart: Chart, layout: Layout, *, is_log: bool) -> Specification:
    if isinstance(chart, LineChart):
        return line_specification(chart, layout, is_log=is_log)
    if isinstance(chart, CurveChart):
        return curve_specification(chart, layout, is_log=is_log)
    assert isinstance(chart, PhraseMap), "there are three kinds of charts"
    return map_specification(chart.panels, layout)
