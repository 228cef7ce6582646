"""The rows of a line chart as named data sets: each value with its keys, its words, and its place in pixels."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from annotations.analysis.figures.chart_values import Line, LineChart, Mark, Panel
from worker.results.figures.layout import Layout, wrapped, written

DIAMETERS = (6.0, 5.0, 4.0, 3.0)  # of a dot with the gap around it, in pixels
DOT_GAP = 0.5  # so that many people of one value are no solid line
MAX_HEIGHT = 108.0


def beeswarm(places: Sequence[float]) -> tuple[float, list[float]]:
    """Return the diameter of a row's dots, and how far each lies from the row's middle.

    places: pixels along the axis. The dots are as large as MAX_HEIGHT allows; with many on one place they are the
    smallest, and the row is higher.

    >>> beeswarm([10.0, 10.0, 10.0, 90.0])
    (6.0, [0.0, 6.0, -6.0, 0.0])
    """
    for diameter in DIAMETERS:
        offsets = _offsets(places, diameter)
        if height(offsets, diameter) <= MAX_HEIGHT:
            break
    return diameter, offsets


def height(offsets: Sequence[float], diameter: float) -> float:
    """Return what a row of dots takes."""
    return 2 * max(map(abs, offsets)) + diameter if offsets else 0.0


def _offsets(places: Sequence[float], diameter: float) -> list[float]:
    offsets = [0.0] * len(places)
    placed: list[int] = []
    for i in sorted(range(len(places)), key=lambda i: places[i]):
        near = [j for j in placed if places[i] - places[j] < diameter]
        taken = {j: (diameter**2 - (places[i] - places[j]) ** 2) ** 0.5 for j in near}
        # Beside a neighbour, or in the middle: the free place that is nearest to it.
        free = [0.0, *(offsets[j] + side * taken[j] for side in (1, -1) for j in near)]
        fits = (at for at in free if all(abs(at - offsets[j]) >= taken[j] - 1e-9 for j in near))
        offsets[i] = min(fits, key=abs)
        placed.append(i)
    return offsets


LINE, TEXT, LANE, GAP = 22.0, 14.0, 15.0, 8.0  # pixels: a row at least, a line of text, a mark with its spread, a gap
_MAX_LABEL = 3  # lines of text
_BOLD = 7.2  # pixels of a letter in a title
_SPREADS = {"interval": "95% interval", "sd": "one standard deviation to either side", "level": "to the 95% level"}
Datum = dict[str, Any]


class LineRows:
    """Takes panels one below the other; `y` is where the next one begins."""

    def __init__(self, chart: LineChart, layout: Layout, ends: tuple[float, float]) -> None:
        self._unit, self._layout = chart.unit, layout
        self._names = {each.key: each.name for each in chart.series}
        self._ends = ends
        self.y = 0.0
        self.datasets: defaultdict[str, list[Datum]] = defaultdict(list)

    def _add(self, to: str, **row: Any) -> None:
        self.datasets[to].append(row)

    def add_panel(self, panel: Panel) -> None:
        words = wrapped(panel.title, int(self._layout.width / _BOLD))
        self._add("titles", y=self.y + TEXT / 2, text=words)
        self.y += TEXT * len(words) + GAP / 2
        references = [self._reference(panel, i) for i in range(len(panel.references))]
        self.y += TEXT * len(references) + GAP / 2
        self._add("rules", y=self.y)
        group = ""
        for line in panel.lines:
            if line.group not in ("", group):
                group = line.group
                self._add_group(group)
            self._add_line(panel, line)
        self.datasets["references"] += [{**reference, "end": self.y} for reference in references]
        self.y += 2 * GAP

    def _reference(self, panel: Panel, place: int) -> Datum:
        reference = panel.references[place]
        said = f"{reference.name}: {written(reference.value, self._unit)}"
        return {
            "panel": panel.key,
            "key": reference.key,
            "value": reference.value,
            "y": self.y + TEXT * (place + 0.5),
            "text": said,
            "is_right": self._at(reference.value) > 0.55 * self._layout.plot,
            "description": f"{panel.title}, {said}",
        }

    def _add_group(self, group: str) -> None:
        self.y += LINE
        words = wrapped(group, self._layout.group_characters)
        self._add("labels", y=self.y - LINE / 2, text=words, is_group=True)
        self._add("rules", y=self.y)

    def _add_line(self, panel: Panel, line: Line) -> None:
        diameter, offsets = beeswarm([self._at(value) for value, _ in line.dots])
        swarm = height(offsets, diameter)
        lanes = len(line.marks)
        words = wrapped(line.label, self._layout.label_characters, _MAX_LABEL)
        whole = max(LINE, swarm + LANE * lanes + GAP, TEXT * len(words) + GAP)
        top = self.y + (whole - swarm - LANE * lanes) / 2
        where = {"panel": panel.key, "line": line.key or line.label}
        self._add("labels", y=self.y + (whole - TEXT * (len(words) - 1)) / 2, text=words, is_group=False)
        for (value, who), offset in zip(line.dots, offsets, strict=True):
            said = f"{line.label}, {who}: {written(value, self._unit)}"
            place = {
                "y": top + swarm / 2 + offset,
                "size": (diameter - DOT_GAP) ** 2,
                "series": self._names[line.series],
            }
            self._add("dots", **where, who=who, value=value, **place, description=said)
        for i, mark in enumerate(line.marks):
            y = top + swarm + LANE * (i + 0.5)
            self._add("marks", **where, y=y, series=self._names[mark.series], **self._mark(line, mark))
        self.y += whole
        self._add("rules", y=self.y)

    def _mark(self, line: Line, mark: Mark) -> Datum:
        said = f"{line.label}, {mark.label}: {written(mark.value, self._unit)}"
        row: Datum = {"key": mark.series, "value": mark.value}
        if mark.low is not None and mark.high is not None:
            low, high = written(mark.low, self._unit), written(mark.high, self._unit)
            said += f", {_SPREADS[mark.spread]} from {low} to {high}"
            row |= {"low": mark.low, "high": mark.high, "spread": mark.spread}
        return {**row, "description": said}

    def _at(self, value: float) -> float:
        """Where a value is on the axis, in pixels."""
        low, high = self._ends
        return self._layout.plot * (min(max(value, low), high) - low) / (high - low)
