"""The figures of a release that are made of words and images: the map of phrases, slices of images, and table 3."""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import sqrt
from pathlib import Path

from django.conf import settings
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from PIL import Image

from annotations.analysis.concepts.concept_columns import Place
from annotations.analysis.concepts.concept_figures import MAX_COLOURED, MapPanel
from annotations.analysis.tables.phrase_splits import PANEL_SIZE, Panel
from annotations.analysis.tables.table3 import Listed, PhraseList
from annotations.charts.svg import PALETTE, RULE
from modeling.arrays.datasets.dataset_files import thumbnail_name
from worker.releases.figure_data import PhraseTable
from worker.releases.figure_style import WIDTH, drawable, drawing_of, save

MAP = "concept-map"
_MAP_HEIGHT = 4.2  # inches of one task
_SHAPES = "oDs^o"  # of the first concepts, then of all others
_LEAST, _MOST = 4.0, 13.0  # size of a mark, in points
_MAX_NAMED = 12  # phrases that are written beside their marks
_MAX_LENGTH = 28  # characters of a name
_NAME_WIDE, _NAME_HIGH = 1.6, 0.16  # inches that it takes
_WRAPPED = 60  # characters of a line in table 3


def draw_map(panels: Sequence[MapPanel], directory: Path) -> Iterator[Path]:
    """Draw the maps of phrases below each other: near each other where the encoder takes them for alike."""
    if not panels:
        return
    drawing = drawing_of(0.5 + _MAP_HEIGHT * len(panels))
    for axes, panel in zip(drawing.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True):
        _map_panel(axes, panel)
    drawing.suptitle("Map of phrases", x=0.02, ha="left", fontsize=11, fontweight="bold")
    yield from save(drawing, directory / MAP)


def _map_panel(axes: Axes, panel: MapPanel) -> None:
    axes.set_title(drawable(panel.title), loc="left", fontsize=9, fontweight="bold")
    for place in panel.places:
        kind = min(place.number - 1, MAX_COLOURED)
        size = min(_LEAST + 2.5 * sqrt(place.people + place.experts - 1), _MOST)
        mark = {"color": PALETTE[kind], "markersize": size, "markeredgecolor": "white", "alpha": 0.75}
        axes.plot([place.x], [place.y], _SHAPES[kind], **mark)  # type: ignore[arg-type]  # of several types
    for place in _named(panel.places):
        words = drawable(_short(place.text))
        axes.annotate(words, (place.x, place.y), (6, 3), textcoords="offset points", fontsize=7)
    names = [*panel.names, *(["other concepts"] if any(each.number > MAX_COLOURED for each in panel.places) else [])]
    legend = [
        Line2D([], [], linestyle="", marker=_SHAPES[kind], color=PALETTE[kind], label=drawable(_short(name)))
        for kind, name in enumerate(names)
    ]
    axes.legend(handles=legend, loc="upper left", bbox_to_anchor=(0, -0.02), ncols=3, frameon=False, fontsize=7)
    axes.set_aspect("equal", adjustable="datalim")  # distances mean the same in every direction
    axes.margins(0.12)
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_color(RULE)


def _named(places: Sequence[Place]) -> list[Place]:
    """Those whose words are written: what most people said, as long as no name lies on another."""
    wide, high = (max(values) - min(values) for values in ([each.x for each in places], [each.y for each in places]))
    # Both axes have one scale: the longer way of the two fills its side of the frame.
    scale = max(wide / (WIDTH - 0.5), high / (_MAP_HEIGHT - 1)) or 1.0
    named: list[Place] = []
    for place in sorted(places, key=lambda place: (-place.people, -place.error_score, place.text)):
        near = (
            abs(place.y - each.y) < _NAME_HIGH * scale and abs(place.x - each.x) < _NAME_WIDE * scale for each in named
        )
        if len(named) < _MAX_NAMED and not any(near):
            named.append(place)
    return named


def draw_panels(panels: Sequence[Panel], directory: Path) -> Iterator[Path]:
    """Draw a row of images a phrase and slice, as the paper's figure 10; nothing where an image is not here."""
    rows = [(key, list(each)) for key, each in groupby(panels, lambda row: (row.task, row.phrase, row.slice))]
    files = {picture: _thumbnail(picture) for _, each in rows for picture in each}
    if not rows or not all(path.is_file() for path in files.values()):
        return
    drawing = drawing_of(0.4 + 1.05 * len(rows), above=0.0)
    grid = drawing.subplots(len(rows), PANEL_SIZE, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for line, ((_, phrase, part), pictures) in zip(grid, rows, strict=True):
        words = textwrap.shorten(f"{pictures[0].class_name}: “{phrase}”", 70, placeholder="…")
        line[0].set_title(f"{drawable(words)}, {part}", loc="left", fontsize=7)
        for axes, picture in zip(line, pictures, strict=False):
            with Image.open(files[picture]) as image:
                axes.imshow(image.convert("RGB"))
            if picture.is_error:
                axes.text(0.03, 0.97, "wrong", transform=axes.transAxes, fontsize=5, va="top", color="white",
                          bbox={"facecolor": "#8f2d0c", "edgecolor": "none", "pad": 1})  # fmt: skip
    yield from save(drawing, directory / "panels")


def _thumbnail(picture: Panel) -> Path:
    return Path(settings.DATA_ROOT) / picture.directory / thumbnail_name(picture.image_key)


def draw_table_3(table: PhraseTable, directory: Path) -> Iterator[Path]:
    """Draw table 3 in the paper's layout: a row a list, a column a task."""
    if not table.rows:
        return
    by_place = {key: list(rows) for key, rows in groupby(table.rows, lambda row: (row.task, row.phrase_list))}
    cells = [
        [_cell(by_place.get((task, name), []), table.more.get((task, name), 0)) for task in table.columns]
        for name in PhraseList
    ]
    heights = [max(1, *(cell.count("\n") + 1 for cell in row)) * 0.15 + 0.2 for row in cells]
    width, top = 1.4 + 4.2 * len(table.columns), sum(heights) + 0.5
    drawing = Drawing(figsize=(width, top))
    places = [0.1, *(1.5 + 4.2 * i for i in range(len(table.columns)))]
    _write(drawing, ["Phrase Category", *map(drawable, table.columns.values())], places, top - 0.2, bold=True)
    y = top - 0.5
    for name, row, height in zip(PhraseList, cells, heights, strict=True):
        _write(drawing, [textwrap.fill(name.value, 18), *row], places, y)
        y -= height
    yield from save(drawing, directory / "table-3")


def _write(drawing: Drawing, words: Sequence[str], places: Sequence[float], y: float, *, bold: bool = False) -> None:
    width, height = drawing.get_size_inches()
    weight = "bold" if bold else "normal"
    for text, x in zip(words, places, strict=True):
        drawing.text(x / width, y / height, text, va="top", fontsize=7.5, fontweight=weight)


def _cell(rows: Sequence[Listed], n_more: int) -> str:
    more = f", and {n_more:,} more" if n_more else ""
    return textwrap.fill(drawable(", ".join(row.text for row in rows)) + more, _WRAPPED)


def _short(words: str) -> str:
    return words if len(words) <= _MAX_LENGTH else f"{words[: _MAX_LENGTH - 1]}…"
