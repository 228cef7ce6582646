"""Tables as text, and that of a benchmark: all rows with their spread."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from annotations.templatetags.markdown import plain
from worker.benchmarks.methods import METHODS, Assumption
from worker.benchmarks.outcomes import Figure, Over, Row

NONE = "-"
_LATEX = str.maketrans(
    {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
     "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "±": r"$\pm$", "λ": r"$\lambda$", "τ": r"$\tau$"}
)  # fmt: skip


class Best(str):
    """The cell that is the best of its column; bold where a file can say so."""

    __slots__ = ()


@dataclass(frozen=True)
class Table:
    """Cells as text: a heading, and one line a row; pages show the first column, the section, where it changes."""

    title: str
    heading: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table in Markdown, its columns aligned."""
        lines = [[_bold(plain(cell), cell, "**{}**") for cell in line] for line in (self.heading, *self._shown())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        lines.insert(1, ["-" * width for width in widths])
        return "\n".join(
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
            for line in lines
        )

    def latex(self) -> str:
        """The table for LaTeX with the package booktabs; all but the first two columns are numbers."""
        lines = [
            " & ".join(_bold(cell.translate(_LATEX), cell, r"\textbf{{{}}}") for cell in line) + r" \\"
            for line in (self.heading, *self._shown())
        ]
        begin = rf"\begin{{tabular}}{{ll{'r' * (len(self.heading) - 2)}}}"
        whole = [begin, r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule", r"\end{tabular}", ""]
        return "\n".join(whole)

    def csv(self) -> str:
        """The table as CSV, with a last column that names the columns in which a line is best."""
        lines = [
            [*line, ", ".join(name for name, cell in zip(self.heading, line, strict=True) if isinstance(cell, Best))]
            for line in self.lines
        ]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([[*self.heading, "best in"], *lines])
        return text.getvalue()

    def _shown(self) -> Iterator[tuple[str, ...]]:
        for section, lines in groupby(self.lines, key=lambda line: line[0]):
            yield from ((section if i == 0 else "", *line[1:]) for i, line in enumerate(lines))


def _bold(shown: str, cell: str, bold: str) -> str:
    return bold.format(shown) if isinstance(cell, Best) else shown


def mean(figure: Figure, row: Row) -> str:
    """The mean in percent, as the paper's tables have it."""
    return _percent(row.spread(figure).mean)


def mean_and_sd(figure: Figure, row: Row) -> str:
    """Mean and standard deviation in percent; the mean alone where there is one classifier."""
    sd = row.spread(figure).sd
    return mean(figure, row) + ("" if sd is None else f" ± {100 * sd:.1f}")


def interval(figure: Figure, row: Row) -> str:
    """Where the mean lies for other test images, in percent."""
    known = row.intervals.get(figure)
    return NONE if known is None else f"{_percent(known.low)} to {_percent(known.high)}"


def on_all_train(figure: Figure, row: Row) -> str:
    """The figure of the classifier that all train images made, in percent."""
    return _percent(None if row.point is None else getattr(row.point.metrics, figure))


def over(row: Row) -> str:
    """What mean and standard deviation are over."""
    if not row.outcomes:
        return NONE
    return row.over.value if row.over is Over.ONE else f"{row.over} ({len(row.outcomes)})"


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.1f}"


FIGURE_TITLES = {Figure.WORST_GROUP: "WG", Figure.AVERAGE: "Avg", Figure.GAP: "Gap"}
_COLUMNS: dict[str, Callable[[Row], str]] = {
    "WG": partial(mean_and_sd, Figure.WORST_GROUP),
    "WG, other test images": partial(interval, Figure.WORST_GROUP),
    "Avg": partial(mean_and_sd, Figure.AVERAGE),
    "Gap": partial(mean_and_sd, Figure.GAP),
    "Plain avg": partial(mean_and_sd, Figure.AVERAGE_PLAIN),
    **{f"All train: {title}": partial(on_all_train, figure) for figure, title in FIGURE_TITLES.items()},
    "Over": over,
}


def full_table(rows: Sequence[Row]) -> Table:
    """All rows with their spread, by what their methods are given."""
    given = {method.key: method.given for method in METHODS}
    ordered = sorted(rows, key=lambda row: list(Assumption).index(given[row.method]))
    lines = ((given[row.method].value, row.name, *(cell(row) for cell in _COLUMNS.values())) for row in ordered)
    return Table("Every method", ("Data Assumptions", "Method", *_COLUMNS), tuple(lines))
