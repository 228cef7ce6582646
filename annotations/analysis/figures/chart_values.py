"""What a figure is made of: plain values that a renderer draws, whatever they are of."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from annotations.analysis.tables.filled_tables import FilledTable
from annotations.analysis.tables.measure_columns import SaturationPoint
from annotations.base.word_files import read_words

_WORDS = read_words("annotations.analysis.figures", "figures")
MAX_TASKS = 40  # in one figure: with more nobody reads it, and no image holds it

Spread = Literal["interval", "sd", "level"]
Shape = Literal["circle", "diamond", "square", "triangle", "bar"]


@dataclass(frozen=True)
class Series:
    """What belongs together, told by shape, word and colour. colour: a number in the renderers' palette."""

    key: str
    name: str
    shape: Shape
    colour: int


@dataclass(frozen=True)
class Mark:
    """A value, with what it spreads where that is known. label: what it is, without the value.

    spread: whether low and high are a 95% interval, one standard deviation to either side, or value and 95% level.
    """

    series: str
    value: float
    label: str
    low: float | None = None
    high: float | None = None
    spread: Spread = "interval"


@dataclass(frozen=True)
class Line:
    """One row of a chart: marks in it, and dots for single people (value and whose it is).

    key: what its values are in the tables; group: rows of one group follow each other; series: of the dots.
    """

    label: str
    marks: tuple[Mark, ...] = ()
    dots: tuple[tuple[float, str], ...] = ()
    key: str = ""
    group: str = ""
    series: str = "people"


@dataclass(frozen=True)
class Reference:
    """A value that all rows of a panel are held against."""

    key: str
    name: str
    value: float


@dataclass(frozen=True)
class Panel:
    """The rows of one task. key: its position, or whatever else tells panels apart in the tables."""

    title: str
    lines: tuple[Line, ...]
    key: int | str = ""
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class LineChart:
    """Values on a horizontal axis, a line of the chart for each kind. unit: a share is shown in percent, points are of
    percent.
    """

    axis: str
    unit: Literal["share", "score", "minutes", "points"]
    series: tuple[Series, ...]
    panels: tuple[Panel, ...]

    @property
    def is_empty(self) -> bool:
        lines = (line for panel in self.panels for line in panel.lines)
        return not any(line.marks or line.dots for line in lines) and not any(panel.references for panel in self.panels)


@dataclass(frozen=True)
class CurvePanel:
    """A curve over numbers of people, with its band. key: the task's position."""

    title: str
    points: tuple[SaturationPoint, ...]
    key: int = 0


@dataclass(frozen=True)
class CurveChart:
    """Curves over a number of people; unit as in LineChart, or "number"."""

    axis: str
    unit: Literal["score", "number"]
    panels: tuple[CurvePanel, ...]

    @property
    def is_empty(self) -> bool:
        return not any(panel.points for panel in self.panels)


class Chart(Protocol):
    """What is drawn: a LineChart, a CurveChart, or the map of `concept_figures`."""

    @property
    def is_empty(self) -> bool: ...


@dataclass(frozen=True)
class Figure:
    """One figure with its data. source: the figure of the paper; empty: what it says while there is nothing to draw.

    data is shown beside it; also: the other tables that it draws of. left_out: tasks beyond MAX_TASKS.
    """

    key: str
    title: str
    source: str
    definition: str
    data: FilledTable[Any]
    chart: Chart
    empty: str
    also: tuple[FilledTable[Any], ...] = ()
    left_out: int = 0

    @classmethod
    def worded(cls, words: str, data: FilledTable[Any], chart: Chart, **more: Any) -> "Figure":
        """Make a figure with its words in figures.toml. more: other fields, or these in place of what stands there."""
        return cls(**{"key": words, "source": "", **_WORDS[words], "data": data, "chart": chart, **more})

    @property
    def caption(self) -> str:
        """What a reader must know to read it, with what is left out."""
        more = f" {self.left_out:,} more tasks are in its data." if self.left_out else ""
        return f"{self.definition}{more}"
