"""Tables of a benchmark: all rows with their spread, and the paper's tables 1, 4 and 6 in its own layout."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from worker.baselines.methods import METHODS, Assumption
from worker.baselines.outcomes import Figure, Over, Row

NONE = "-"
_MARKDOWN = re.compile(r"[\\`*_<>\[\]|]")

Cell = Callable[[Row], str]


@dataclass(frozen=True)
class Table:
    """Cells as text: a heading, and one line a row; the first column is the section, shown where it changes."""

    title: str
    heading: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table in Markdown, its columns aligned."""
        lines = [tuple(map(escaped, line)) for line in (self.heading, *self.lines)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        lines.insert(1, tuple("-" * width for width in widths))
        return "\n".join(
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
            for line in lines
        )


@dataclass(frozen=True)
class Layout:
    """title and first: of the table and its first column, in which {encoder} stands for the encoder's name.

    sections: what the first column says, and the methods below it. columns: heading and cell of the other columns.
    """

    title: str
    first: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    columns: tuple[tuple[str, Cell], ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """The keys of its methods."""
        return tuple(key for _, keys in self.sections for key in keys)

    def table(self, rows: Sequence[Row], encoder: str) -> Table:
        """Lay out the rows of this table's methods. A method without a row has no line, its section neither."""
        heading = (self.first, "Method", *(name for name, _ in self.columns))
        lines = []
        for section, keys in self.sections:
            shown = section.format(encoder=encoder)
            for row in (row for key in keys for row in rows if row.method == key):
                lines.append((shown, row.name, *(cell(row) for _, cell in self.columns)))
                shown = ""
        return Table(self.title, heading, tuple(lines))


def mean(figure: Figure) -> Cell:
    """The mean in percent, as the paper's tables have it."""

    def cell(row: Row) -> str:
        return _percent(row.spread(figure).mean)

    return cell


def mean_and_sd(figure: Figure) -> Cell:
    """Mean and standard deviation in percent; the mean alone where there is one classifier."""

    def cell(row: Row) -> str:
        spread = row.spread(figure)
        return _percent(spread.mean) + ("" if spread.sd is None else f" ± {100 * spread.sd:.1f}")

    return cell


def interval(figure: Figure) -> Cell:
    """Where the mean lies for other test images, in percent."""

    def cell(row: Row) -> str:
        known = row.intervals.get(figure)
        return NONE if known is None else f"{_percent(known.low)} to {_percent(known.high)}"

    return cell


def on_all_train(figure: Figure) -> Cell:
    """The figure of the classifier that all train images made, in percent."""

    def cell(row: Row) -> str:
        return _percent(None if row.point is None else getattr(row.point.metrics, figure))

    return cell


def over(row: Row) -> str:
    """What mean and standard deviation are over."""
    if not row.outcomes:
        return NONE
    return row.over.value if row.over is Over.ONE else f"{row.over} ({len(row.outcomes)})"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, also in a table: people typed the phrases."""
    return _MARKDOWN.sub(r"\\\g<0>", text)


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.1f}"


_MEANS = {"WG": mean(Figure.WORST_GROUP), "Avg": mean(Figure.AVERAGE), "Gap": mean(Figure.GAP)}

FULL = Layout(
    "Every method",
    "Data Assumptions",
    tuple((given.value, tuple(method.key for method in METHODS if method.given is given)) for given in Assumption),
    (
        ("WG", mean_and_sd(Figure.WORST_GROUP)),
        ("WG, other test images", interval(Figure.WORST_GROUP)),
        ("Avg", mean_and_sd(Figure.AVERAGE)),
        ("Gap", mean_and_sd(Figure.GAP)),
        ("Plain avg", mean_and_sd(Figure.AVERAGE_PLAIN)),
        ("All train: WG", on_all_train(Figure.WORST_GROUP)),
        ("All train: Avg", on_all_train(Figure.AVERAGE)),
        ("All train: Gap", on_all_train(Figure.GAP)),
        ("Over", over),
    ),
)

_LAYOUTS = tomllib.loads(files(__package__).joinpath("paper_tables.toml").read_text("utf-8"))


def _layout(words: dict[str, Any]) -> Layout:
    sections = tuple((section, tuple(methods)) for section, methods in words["sections"].items())
    return Layout(words["title"], words["first"], sections, tuple((name, _MEANS[name]) for name in words["columns"]))


TABLE_1, TABLE_4, TABLE_6 = (_layout(_LAYOUTS[name]) for name in ("table_1", "table_4", "table_6"))
LAYOUTS = {"all": FULL, "1": TABLE_1, "4": TABLE_4, "6": TABLE_6}
