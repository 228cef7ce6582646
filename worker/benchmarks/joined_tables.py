"""Benchmarks of several data sets and encoders joined into the paper's tables 1, 4 and 6."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from modeling.arrays.common.modeling_errors import ModelingError
from worker.baselines.outcomes import Figure, Row
from worker.benchmarks.paired_bootstrap import told_apart
from worker.benchmarks.report_tables import NONE, Layout, escaped
from worker.benchmarks.stored_benchmarks import StoredBenchmark

CAPTION = (
    "Means over draws or seeds on test, in percent. Bold: better than every other row of the column by the paired "
    "bootstrap over test images (95%); rows that predict the same are bold together. A column without bold does not "
    "tell its best row apart from all others."
)
_FIGURES = {"WG": Figure.WORST_GROUP, "Avg": Figure.AVERAGE, "Gap": Figure.GAP}  # by the columns' names
_LATEX = str.maketrans(
    {"&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_", "$": r"\$", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
     "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "±": r"$\pm$", "λ": r"$\lambda$", "τ": r"$\tau$"}
)  # fmt: skip


class CannotJoin(ModelingError):
    """Benchmarks do not make one table together."""


@dataclass(frozen=True)
class Cell:
    """A mean as text, and whether it is the best of its column by the paired test."""

    text: str
    is_best: bool


@dataclass(frozen=True)
class Line:
    """A method: its section, its name, and a cell for each figure of each data set."""

    section: str
    method: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class JoinedTable:
    """A table of the paper over data sets; encoders follow each other in sections of their own."""

    title: str
    first: str
    datasets: tuple[str, ...]
    figures: tuple[str, ...]
    lines: tuple[Line, ...]

    def markdown(self) -> str:
        """The table in Markdown."""
        names = [f"{dataset} {figure}" for dataset in self.datasets for figure in self.figures]
        lines = [[self.first, "Method", *names], ["---"] * (2 + len(names))]
        for line, section in self._with_sections():
            cells = [f"**{cell.text}**" if cell.is_best else cell.text for cell in line.cells]
            lines.append([escaped(section), escaped(line.method), *cells])
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
        return f"## {self.title}\n\n{table}\n\n{CAPTION}\n"

    def latex(self) -> str:
        """The table for LaTeX with the package booktabs."""
        width, figures = len(self.figures), len(self.datasets) * len(self.figures)
        heads = " & ".join(rf"\multicolumn{{{width}}}{{c}}{{{_latex(name)}}}" for name in self.datasets)
        lines = [rf"\begin{{tabular}}{{ll{'r' * figures}}}", r"\toprule", rf" & & {heads} \\"]
        lines += [" & ".join([self.first, "Method", *self.figures * len(self.datasets)]) + r" \\", r"\midrule"]
        for line, section in self._with_sections():
            cells = [rf"\textbf{{{cell.text}}}" if cell.is_best else cell.text for cell in line.cells]
            lines.append(" & ".join([_latex(section), _latex(line.method), *cells]) + r" \\")
        return "\n".join([f"% {self.title}. {CAPTION}", *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"

    def csv(self) -> str:
        """The table as CSV, one line a method and a column `best` beside each figure."""
        names = [f"{dataset} {figure}" for dataset in self.datasets for figure in self.figures]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([self.first, "Method", *(column for name in names for column in (name, f"{name} is best"))])
        for line in self.lines:
            cells = [value for cell in line.cells for value in (cell.text, str(cell.is_best).lower())]
            writer.writerow([line.section, line.method, *cells])
        return text.getvalue()

    def _with_sections(self) -> Iterator[tuple[Line, str]]:
        """Yield each line with its section, which is named where it begins."""
        for section, lines in groupby(self.lines, key=lambda line: line.section):
            for i, line in enumerate(lines):
                yield line, section if i == 0 else ""


def join(layout: Layout, benchmarks: Sequence[StoredBenchmark]) -> JoinedTable:
    """Lay out benchmarks beside each other by data set, below each other by encoder. Raises CannotJoin."""
    by_place = {(each.encoder, each.dataset): each for each in benchmarks}
    if len(by_place) < len(benchmarks):
        raise CannotJoin("two of the benchmarks are of the same data set with the same encoder; give one of them")
    datasets = tuple(dict.fromkeys(each.dataset for each in benchmarks))
    encoders = tuple(dict.fromkeys(each.encoder for each in benchmarks))
    several = len(encoders) > 1
    lines = [
        line
        for encoder in encoders
        for line in _lines(layout, encoder, [by_place.get((encoder, name)) for name in datasets], several=several)
    ]
    return JoinedTable(layout.title, layout.first, datasets, tuple(name for name, _ in layout.columns), tuple(lines))


def _lines(
    layout: Layout, encoder: str, benchmarks: Sequence[StoredBenchmark | None], *, several: bool
) -> Iterator[Line]:
    for section, keys in layout.sections:
        name = section.format(encoder=encoder)
        if several and encoder not in name:
            name = f"{encoder}: {name}"
        for key in keys:
            rows = [row for each in benchmarks if each for row in each.rows if row.method == key]
            for row_name in dict.fromkeys(row.name for row in rows):
                cells = [cell for each in benchmarks for cell in _cells(layout, each, key, row_name)]
                yield Line(name, row_name, tuple(cells))


def _cells(layout: Layout, benchmark: StoredBenchmark | None, key: str, name: str) -> Iterator[Cell]:
    row = next((row for row in benchmark.rows if (row.method, row.name) == (key, name)), None) if benchmark else None
    for heading, cell in layout.columns:
        if benchmark is None or row is None:
            yield Cell(NONE, is_best=False)
        else:
            rows = [each for each in benchmark.rows if each.method in layout.methods and each.outcomes]
            yield Cell(cell(row), is_best=bool(row.outcomes) and _is_best(benchmark, row, rows, _FIGURES[heading]))


def _is_best(benchmark: StoredBenchmark, row: Row, rows: Sequence[Row], figure: Figure) -> bool:
    sign = -1 if figure is Figure.GAP else 1
    values = sign * benchmark.values_of(row, figure)
    return all(told_apart(values, sign * benchmark.values_of(other, figure)) for other in rows if other is not row)


def _latex(text: str) -> str:
    return text.translate(_LATEX)
