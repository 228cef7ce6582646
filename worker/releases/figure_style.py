"""What every figure of a release shares: its settings, its room, its words, and its two files."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing
from matplotlib.font_manager import findfont, get_font

from annotations.charts.svg import INK, QUIET, RULE

SETTINGS: Any = {
    "svg.hashsalt": "clarify",  # ids in the file, else random
    "svg.fonttype": "path",  # looks the same without our fonts
    "font.family": "DejaVu Sans",  # matplotlib's own
    "font.size": 9.0,
    "text.parse_math": False,  # people type $ and _
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": QUIET,
    "xtick.color": QUIET,
    "ytick.color": INK,
}
WIDTH = 7.5  # inches
_TITLE = 0.35  # inches above the axes
_DPI = 150
_SHOWN_NAMES = 3  # of signs without a glyph in a row
_UNSEEN = {"Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"}  # categories: they change others, or are nothing to be seen


def drawing_of(height: float, *, above: float = _TITLE, below: float = 0.0) -> Drawing:
    """Return a figure with room for its title and its legend, in inches.

    The rest is laid out by "tight": "constrained" asks a solver that does not always give the same of several answers.
    """
    drawing = Drawing(figsize=(WIDTH, height))
    drawing.set_layout_engine("tight", rect=(0, below / height, 1, 1 - above / height))
    return drawing


def save(drawing: Drawing, stem: Path) -> Iterator[Path]:
    """Write a figure as SVG and as PNG, the same bytes each time, and yield the files."""
    FigureCanvasAgg(drawing)
    metadata: dict[str, dict[str, Any]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
    for kind, of_kind in metadata.items():
        path = stem.parent / f"{stem.name}.{kind}"
        drawing.savefig(path, dpi=_DPI, metadata=of_kind, facecolor="white")
        yield path


def drawable(text: str) -> str:
    """Return a text in which signs that the font lacks are named, where it would draw boxes.

    The font is the same on every machine, so that the figures are; what was typed stands in the tables.

    >>> drawable("red 🌲🌲 and 紅葉"), drawable("❤ שלום")
    ('red [evergreen tree, evergreen tree] and [2 cjk letters]', '❤ שלום')
    """
    return "".join(
        _named("".join(signs)) if is_missing else "".join(signs) for is_missing, signs in groupby(text, _is_missing)
    )


def _is_missing(sign: str) -> bool:
    return ord(sign) not in _glyphs()


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(findfont(SETTINGS["font.family"])).get_charmap())


def _named(signs: str) -> str:
    """Signs in a row by their names; letters by their script alone."""
    seen = [sign for sign in signs if unicodedata.category(sign) not in _UNSEEN]
    names = [unicodedata.name(sign, "sign").lower() for sign in seen]
    if not seen:
        return ""
    if all(sign.isalpha() for sign in seen):
        script = names[0].split()[0]
        return f"[{len(seen)} {script} letter{'s' if len(seen) > 1 else ''}]"
    more = len(names) - _SHOWN_NAMES
    shown = [*names[:_SHOWN_NAMES], *([f"{more} more"] if more > 0 else [])]
    return f"[{', '.join(shown)}]"
