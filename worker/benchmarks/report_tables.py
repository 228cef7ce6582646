"""Tables of a benchmark: all rows with their spread, and the paper's tables 1, 4 and 6 in its own layout."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


_MEANS = (("WG", mean(Figure.WORST_GROUP)), ("Avg", mean(Figure.AVERAGE)), ("Gap", mean(Figure.GAP)))

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

_ERM = ("erm", "class_balanced", "worst_class")
_RELEASED = ("erm_sgd", "class_balanced_sgd", "worst_class_sgd")
_CLARIFY = ("slice_balanced", "worst_slice")
_CLARIFY_RELEASED = ("slice_balanced_sgd", "worst_slice_sgd")
_WITH_GROUPS = ("dfr_subsample", "dfr_upsample", "dfr", "dfr_train", "group_balanced", "group_dro", "worst_group")

TABLE_1 = Layout(
    "In the layout of table 1",
    "Data Assumptions",
    (
        ("Zero-Shot", ("class_prompt", "group_prompt")),
        ("Labels", (*_ERM, *_RELEASED)),
        ("Labels, Text Feedback", (*_CLARIFY, *_CLARIFY_RELEASED)),
        ("Labels, Group Labels", _WITH_GROUPS),
    ),
    _MEANS,
)

TABLE_4 = Layout(
    "In the layout of table 4",
    "Assumptions",
    (
        ("{encoder}: Zero-Shot", ("class_prompt", "group_prompt")),
        ("LP, Labels", (*_ERM, *_RELEASED)),
        ("LP, Labels+Interaction", (*_CLARIFY, *_CLARIFY_RELEASED)),
        ("LP, Labels+Groups", _WITH_GROUPS),
        ("Adapter, Labels", ("erm_adapter", "wise_ft", "contrastive_adapter")),
    ),
    _MEANS,
)

TABLE_6 = Layout(
    "In the layout of table 6",
    "Model",
    (("{encoder}", ("class_prompt", "group_prompt", "roboshot", *_CLARIFY)),),
    (("Avg", mean(Figure.AVERAGE)), ("WG", mean(Figure.WORST_GROUP)), ("Gap", mean(Figure.GAP))),
)

LAYOUTS = {"all": FULL, "1": TABLE_1, "4": TABLE_4, "6": TABLE_6}
