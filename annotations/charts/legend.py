"""What each shape and colour of a chart means, in as many lines as it takes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotations.analysis.figures.chart_values import Shape
from annotations.charts import svg

LINE = 20.0  # height of one more
_LEFT, _MARK, _GAP = 4.0, 18.0, 18.0
_LETTER = 6.6  # width of one, about


class Entry(NamedTuple):
    """colour: a number in the palette."""

    shape: Shape
    colour: int
    name: str

    @property
    def width(self) -> float:
        return _MARK + _LETTER * len(self.name)


def lines_of(entries: Sequence[Entry], width: float) -> list[list[Entry]]:
    """Return the entries in lines that are no wider than `width`, one that is alone apart."""
    lines: list[list[Entry]] = []
    x = width
    for entry in entries:
        if not lines or x + entry.width > width:
            lines.append([])
            x = _LEFT
        lines[-1].append(entry)
        x += entry.width + _GAP
    return lines


def draw_legend(entries: Sequence[Entry], y: float, width: float) -> Iterator[str]:
    """Yield the entries from the left edge on, the first line of them at y."""
    for i, line in enumerate(lines_of(entries, width)):
        x = _LEFT
        for entry in line:
            mark = {"fill": svg.PALETTE[entry.colour], "class_": f"fill-{entry.colour}"}
            yield svg.shape(entry.shape, x + 6, y + LINE * i - 4, 5.0, **mark)
            yield svg.quiet(entry.name, x + _MARK, y + LINE * i, "start")
            x += entry.width + _GAP
