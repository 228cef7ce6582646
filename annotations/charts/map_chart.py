"""A map of phrases as SVG: near each other where the encoder takes them for alike, larger the more people said them."""

from collections.abc import Iterator
from itertools import accumulate
from math import sqrt

from annotations.analysis.concepts.concept_columns import Place
from annotations.analysis.concepts.concept_figures import MAX_COLOURED, MapPanel
from annotations.analysis.figures.chart_values import Shape
from annotations.charts import legend, svg
from annotations.charts.legend import Entry, draw_legend, lines_of
from annotations.charts.line_chart import WIDTH

TITLE, LEGEND, HEIGHT, MARGIN = 30.0, 26.0, 380.0, 28.0
_SHAPES: tuple[Shape, ...] = ("circle", "diamond", "square", "triangle")
_OTHERS = MAX_COLOURED
_LEAST, _MOST = 4.0, 13.0  # size of a mark
_LONGEST = 24  # characters of a name
_LETTER = 6.6  # width of one, about


def draw_map(panels: tuple[MapPanel, ...], label: str) -> str:
    """Return the maps, one below the other."""
    tops = list(accumulate(map(_height, panels), initial=0.0))
    parts = (part for panel, top in zip(panels, tops, strict=False) for part in _panel(panel, top))
    return svg.document(parts, WIDTH, tops[-1], label)


def _height(panel: MapPanel) -> float:
    return TITLE + _legend_height(panel) + HEIGHT


def _legend_height(panel: MapPanel) -> float:
    return LEGEND + legend.LINE * (len(lines_of(_legend(panel), WIDTH)) - 1)


def _panel(panel: MapPanel, top: float) -> Iterator[str]:
    yield svg.text(panel.title, 4.0, top + 18, font_weight=600, class_="ink")
    yield from draw_legend(_legend(panel), top + TITLE + 10, WIDTH)
    frame = top + TITLE + _legend_height(panel)
    yield svg.element(
        "rect", x=1, y=frame, width=WIDTH - 2, height=HEIGHT - 4, fill="none", stroke=svg.RULE, class_="rule"
    )
    spots = _spots(panel.places, frame)
    for place, (x, y) in zip(panel.places, spots, strict=True):
        kind = _kind(place)
        mark = svg.shape(
            _SHAPES[kind % len(_SHAPES)] if kind < _OTHERS else "circle", x, y, _size(place),
            fill=svg.PALETTE[kind], fill_opacity=0.75, stroke=svg.PAPER, class_=f"fill-{kind} edge",
        )  # fmt: skip
        yield svg.point(_words(place), mark, series=kind)
    yield from _names(panel, spots)


def _legend(panel: MapPanel) -> list[Entry]:
    entries = [Entry(_SHAPES[i], i, _short(name)) for i, name in enumerate(panel.names)]
    if any(_kind(place) == _OTHERS for place in panel.places):
        entries.append(Entry("circle", _OTHERS, "other concepts, or none"))
    return entries


def _spots(places: tuple[Place, ...], top: float) -> list[tuple[float, float]]:
    """Where each place is drawn: both axes have one scale, so that distances mean the same in every direction."""
    xs, ys = [place.x for place in places], [place.y for place in places]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    inside, tall = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    scale = min(inside / wide if wide else inside, tall / high if high else tall)
    middle = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [
        (WIDTH / 2 + scale * (x - middle[0]), top + HEIGHT / 2 - scale * (y - middle[1]))
        for x, y in zip(xs, ys, strict=True)
    ]


def _names(panel: MapPanel, spots: list[tuple[float, float]]) -> Iterator[str]:
    """Names beside the marks, those first that most people said, as long as none lies on another."""
    taken: list[tuple[float, float, float]] = []
    order = sorted(range(len(spots)), key=lambda i: (-panel.places[i].people, -panel.places[i].error_score))
    for i in order:
        place, (x, y) = panel.places[i], spots[i]
        words = _short(place.text)
        width = _LETTER * len(words)
        is_left = x + _size(place) + 4 + width > WIDTH - 4
        start = x - _size(place) - 4 - width if is_left else x + _size(place) + 4
        if start < 4 or any(
            abs(y - other) < 14 and start < right and left < start + width for left, right, other in taken
        ):
            continue
        taken.append((start, start + width, y))
        yield svg.text(words, start, y + 4, font_size=12, class_="ink", pointer_events="none")


def _kind(place: Place) -> int:
    return min(place.number - 1, _OTHERS) if place.number else _OTHERS


def _size(place: Place) -> float:
    return min(_LEAST + 2.5 * sqrt(place.people + place.experts - 1), _MOST)


def _words(place: Place) -> str:
    people = "1 person" if place.people == 1 else f"{place.people} people"
    experts = f", {place.experts} expert{'s' if place.experts > 1 else ''}" if place.experts else ""
    score = f"{place.error_score:.2f}".removeprefix("0") if place.error_score < 1 else "1.00"
    concept = f"concept {place.number}" if place.number else "no concept"
    return f"“{place.text}”, {concept}: {people}{experts}, error score {score}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
