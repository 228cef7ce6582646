"""Specifications of figures, whichever kind of values they are of, and their drawings, always of the same bytes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import vl_convert
from altair.utils.schemapi import debug_mode

from annotations.analysis.concepts.concept_figures import PhraseMap
from annotations.analysis.figures.chart_values import Chart, CurveChart, Figure, LineChart
from annotations.analysis.figures.drawn_figures import DrawnFigure, DrawnLayout
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.analysis.tables.phrase_splits import Panel
from modeling.arrays.common.steps import step_done
from worker.figures.curve_specification import curve_specification
from worker.figures.image_panels import draw_panels
from worker.figures.layout import CONFIG, LAYOUTS, PAPER, WIDE, Layout, Specification, wrapped
from worker.figures.line_specification import line_specification
from worker.figures.map_specification import map_specification


def specification(figure: Figure, layout: Layout, *, is_log: bool = False) -> Specification:
    """Return the Vega-Lite specification of a figure that is not empty, for a page that has its caption itself."""
    # Altair checks each part of a chart on the way, which takes nine tenths of the time: tests do.
    with debug_mode(arg=False):
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


PNG_SCALE = 2
_KEPT = 128  # drawings that a process remembers: most of a study's figures are the same after an event


def drawn_for_pages(figures: Iterable[Figure]) -> dict[str, DrawnFigure]:
    """Return figures that are not empty as pages show them, by their keys."""
    drawn = {}
    for figure in figures:
        step_done()
        drawn[figure.key] = _drawn(replace(figure, data=FilledTable(figure.data.table, ()), also=()))
    return drawn


@lru_cache(maxsize=_KEPT)
def _drawn(figure: Figure) -> DrawnFigure:
    """figure: without its rows, which a drawing shows nothing of."""
    layouts = {layout.key: _layout(specification(figure, layout)) for layout in LAYOUTS}
    if figure.chart.has_log:
        for layout in LAYOUTS:
            compiled = vl_convert.vegalite_to_vega(specification(figure, layout, is_log=True))
            layouts[f"{layout.key}-log"] = DrawnLayout(json.dumps(compiled), "")
    return DrawnFigure(vl_convert.vegalite_to_svg(captioned(figure)), layouts)


def _layout(of: Specification) -> DrawnLayout:
    compiled = vl_convert.vegalite_to_vega(of)
    return DrawnLayout(json.dumps(compiled), vl_convert.vega_to_svg(compiled))


def draw_files(figures: Iterable[Figure], panels: Sequence[Panel], directory: Path) -> None:
    """Draw figures that are not empty into a directory that exists, as Vega-Lite, SVG and PNG.

    Panels of images are a PNG, where their data sets are here.
    """
    for figure in figures:
        step_done()
        drawn = captioned(figure)
        text = json.dumps(drawn, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (directory / f"{figure.key}.json").write_text(text, "utf-8")
        (directory / f"{figure.key}.svg").write_text(vl_convert.vegalite_to_svg(drawn), "utf-8")
        png = vl_convert.vegalite_to_png(drawn, scale=PNG_SCALE)
        (directory / f"{figure.key}.png").write_bytes(png)
    draw_panels(panels, directory)
