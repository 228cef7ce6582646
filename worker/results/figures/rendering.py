"""Drawings of figures for pages and releases, always of the same bytes, and panels of images by Pillow."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import vl_convert
from django.conf import settings
from PIL import Image, ImageDraw, ImageFont, ImageOps

from annotations.analysis.figures.chart_values import Figure
from annotations.analysis.figures.drawn_figures import DrawnFigure, DrawnLayout
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.analysis.tables.phrase_splits import PANEL_SIZE, Panel
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.datasets.dataset_files import thumbnail_name
from clarify_errors.arrays.images.image_decoding import read_image
from worker.results.figures.layout import INK, LAYOUTS, Specification, wrapped
from worker.results.figures.specifications import captioned, png_of, specification

_SIDE, _GAP, _HEAD = 112, 6, 30  # pixels
_WRONG = "#8f2d0c"


def draw_panels(panels: Sequence[Panel], directory: Path) -> None:
    """Write panels.png; nothing where an image is not here."""
    rows = [(key, list(each)) for key, each in groupby(panels, lambda row: (row.task, row.phrase, row.slice))]
    if not rows or not all(_thumbnail(picture).is_file() for _, each in rows for picture in each):
        return
    drawing = Image.new("RGB", (PANEL_SIZE * (_SIDE + _GAP) + _GAP, len(rows) * (_HEAD + _SIDE + _GAP)), "white")
    pen = ImageDraw.Draw(drawing)
    for i, ((_, phrase, part), pictures) in enumerate(rows):
        y = i * (_HEAD + _SIDE + _GAP)
        words = wrapped(f"{pictures[0].class_name}: “{phrase}”, {part}", 120, 1)[0]
        pen.text((_GAP, y + 6), words, INK, ImageFont.load_default(16))
        for place, picture in enumerate(pictures):
            drawing.paste(_picture(picture), (_GAP + place * (_SIDE + _GAP), y + _HEAD))
    drawing.save(directory / "panels.png")


def _picture(of: Panel) -> Image.Image:
    fitted = ImageOps.fit(read_image(_thumbnail(of)), (_SIDE, _SIDE))
    if of.is_error:
        pen = ImageDraw.Draw(fitted)
        pen.rectangle((4, 4, 22, 22), _WRONG)
        pen.line((8, 8, 18, 18), "white", 2)
        pen.line((8, 18, 18, 8), "white", 2)
    return fitted


def _thumbnail(picture: Panel) -> Path:
    return Path(settings.DATA_ROOT) / picture.directory / thumbnail_name(picture.image_key)


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
    svg = vl_convert.vegalite_to_svg(captioned(figure))
    # A release has no PDF, since the converter does not give the same bytes each time.
    return DrawnFigure(svg, layouts, vl_convert.svg_to_pdf(svg))


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
