"""Drawings of specifications, by vl-convert: the same bytes for the same specification."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert

from annotations.analysis.figures.chart_values import Figure
from worker.figures.figure_data import FigureData
from worker.figures.image_panels import draw_panels
from worker.figures.layout import LAYOUTS
from worker.figures.specification import Specification, captioned, specification
from worker.figures.table_specification import table_specification
from worker.queue import worker_heartbeat

PNG_SCALE = 2


def shown_on_pages(figure: Figure) -> dict[str, Any]:
    """Return what a page needs of a figure, as JSON.

    file: the SVG with its caption; layouts: for each width, and for a logarithmic axis where it can have one, the
    compiled Vega and an SVG for readers without scripts.
    """
    layouts: dict[str, dict[str, Any]] = {}
    for layout in LAYOUTS:
        for is_log in (False, True) if figure.chart.has_log else (False,):
            of_layout = specification(figure, layout, is_log=is_log)
            name = f"{layout.key}-log" if is_log else layout.key
            layouts[name] = {"vega": _vega(of_layout), "svg": _svg(of_layout)}
    return {"file": _svg(captioned(figure)), "layouts": layouts}


def draw_files(data: FigureData, directory: Path) -> list[Path]:
    """Draw everything into a directory that exists; return the files, sorted by name.

    Figures as Vega-Lite, SVG and PNG; panels of images as PNG, where their data sets are here; table 3.
    """
    specifications = {figure.key: captioned(figure) for figure in data.figures}
    if data.table_3.rows:
        specifications["table-3"] = table_specification(data.table_3)
    for key, drawn in specifications.items():
        worker_heartbeat.touch()
        (directory / f"{key}.json").write_text(json.dumps(drawn, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        (directory / f"{key}.svg").write_text(_svg(drawn), "utf-8")
        (directory / f"{key}.png").write_bytes(
            vl_convert.vegalite_to_png(drawn, vl_version=_version(), scale=PNG_SCALE)
        )
    draw_panels(data.panels, directory)
    return sorted(directory.iterdir())


def _vega(of: Specification) -> dict[str, Any]:
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(of, vl_version=_version())
    return compiled


def _svg(of: Specification) -> str:
    drawn: str = vl_convert.vegalite_to_svg(of, vl_version=_version())
    return drawn


@cache
def _version() -> str:
    """The newest Vega-Lite of this vl-convert."""
    versions: list[str] = vl_convert.get_vegalite_versions()
    return versions[-1]
