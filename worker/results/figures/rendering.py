"""Drawings of figures for pages and releases, always of the same bytes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import vl_convert

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.figures.drawn_figures import DrawnFigure, DrawnLayout
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.analysis.tables.phrase_splits import Panel
from clarify_errors.arrays.common.steps import step_done
from worker.results.figures.image_panels import draw_panels
from worker.results.figures.layout import LAYOUTS, Specification
from worker.results.figures.specifications import captioned, png_of, specification

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
        (directory / f"{figure.key}.png").write_bytes(png_of(drawn))
    draw_panels(panels, directory)
