"""Specifications of figures, whichever kind of values they are of."""

from collections.abc import Iterable

import vl_convert
from altair.utils.schemapi import debug_mode

from annotations.analysis.concepts.concept_columns import ConceptTables
from annotations.analysis.concepts.concept_figures import PhraseMap
from annotations.analysis.figures.chart_values import Chart, CurveChart, Figure, LineChart
from annotations.analysis.tables.filled_tables import StudyTables
from worker.results.figures.curve_specification import curve_specification
from worker.results.figures.figure_data import release_figures
from worker.results.figures.layout import CONFIG, PAPER, WIDE, Layout, Specification, wrapped
from worker.results.figures.line_specification import line_specification
from worker.results.figures.map_specification import map_specification

PNG_SCALE = 2


def specification(figure: Figure, layout: Layout) -> Specification:
    """Return the Vega-Lite specification of a figure that is not empty, for a page that has its caption itself."""
    # Altair checks each part of a chart on the way, which takes nine tenths of the time: tests do.
    with debug_mode(arg=False):
        chart = _chart(figure.chart, layout)
    shown = {"config": CONFIG, "background": "transparent", "usermeta": {"figure": figure.key}}
    return {**chart, **shown}


def captioned(figure: Figure) -> Specification:
    """Return the specification of a figure with its title and caption, for a file that stands by itself."""
    title = {
        "text": wrapped(figure.title, WIDE.caption_characters * 3 // 4),
        "subtitle": wrapped(figure.caption, WIDE.caption_characters),
    }
    return {**specification(figure, WIDE), "title": title, "background": PAPER}


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
