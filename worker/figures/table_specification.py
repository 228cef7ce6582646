"""Table 3 in the paper's layout as a specification: a row for each list of phrases, a column for each task."""

from itertools import groupby
from typing import Any

import altair as alt

from annotations.analysis.tables.table3 import Listed, PhraseList
from worker.figures.figure_data import PhraseTable
from worker.figures.layout import CONFIG, INK, WIDE, Specification, with_rows, wrapped

_HEAD, _COLUMN, _LINE, _GAP = 130, 400, 15, 10  # pixels
_CHARACTERS = 64  # in a line of a cell
_TITLE = "Phrases by what chose them"


def table_specification(table: PhraseTable) -> Specification:
    """Return the Vega-Lite specification of a table that has rows."""
    by_place = {key: list(rows) for key, rows in groupby(table.rows, lambda row: (row.task, row.phrase_list))}
    rows: list[dict[str, Any]] = [
        {"x": _HEAD + _COLUMN * i, "y": 0, "text": wrapped(title, _CHARACTERS), "is_head": True}
        for i, title in enumerate(table.columns.values())
    ]
    y = _LINE + _GAP
    for name in PhraseList:
        cells: list[dict[str, Any]] = [
            {"text": _cell(by_place.get((task, name), []), table.more.get((task, name), 0)), "x": _HEAD + _COLUMN * i}
            for i, task in enumerate(table.columns)
        ]
        head: dict[str, Any] = {"text": wrapped(name.value, 18), "x": 0}
        rows += [{**cell, "y": y, "is_head": cell is head} for cell in (head, *cells)]
        y += max(len(cell["text"]) for cell in (head, *cells)) * _LINE + _GAP
    return {**with_rows(_chart(_HEAD + _COLUMN * len(table.columns), y), {"cells": rows}), "config": CONFIG}


def _chart(width: float, height: float) -> alt.LayerChart:
    x, y = alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)
    cells = alt.Chart(alt.NamedData(name="cells")).encode(x=x, y=y, text=alt.Text("text:N"))
    look = {"align": "left", "baseline": "top", "fontSize": 11, "lineHeight": _LINE, "color": INK}
    layers = (
        cells.transform_filter("!datum.is_head").mark_text(**look),
        cells.transform_filter("datum.is_head").mark_text(**look, fontWeight="bold"),
    )
    title = alt.TitleParams(text=_TITLE, subtitle=wrapped(
        "Of each person and task, the phrase that was best by worst-group accuracy on test, the one with the highest "
        "error score, and all others (Table 3 of the paper).", WIDE.caption_characters,
    ))  # fmt: skip
    return alt.layer(*layers, width=width, height=height, title=title)


def _cell(rows: list[Listed], n_more: int) -> list[str]:
    more = f", and {n_more:,} more" if n_more else ""
    return wrapped(", ".join(row.text for row in rows) + more, _CHARACTERS)
