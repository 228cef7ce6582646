"""Benchmarks of several data sets and encoders joined into the paper's tables 1, 4 and 6."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain

import msgspec

from clarify_errors.arrays.common.modeling_errors import ModelingError
from worker.benchmarks.outcomes import Figure, Row
from worker.benchmarks.paired_bootstrap import told_apart
from worker.benchmarks.stored_benchmarks import StoredBenchmark
from worker.research.benchmarks.report_tables import FIGURE_TITLES, NONE, Best, Table, mean

CAPTION = (
    "Means over draws or seeds on test, in percent. Bold: better than every other row of the column on other test "
    "images (95%; of worst groups with an interval that allows for ties); rows that predict the same are bold "
    "together. A column without bold does not tell its best row apart from all others."
)


@dataclass(frozen=True)
class PaperTable:
    """title and first: of the table and its first column, in which {encoder} stands for the encoder's name.

    columns: figures of each data set; sections: what the first column says, and the methods below it.
    """

    title: str
    first: str
    columns: tuple[Figure, ...]
    sections: dict[str, tuple[str, ...]]

    @property
    def methods(self) -> tuple[str, ...]:
        """The keys of its methods."""
        return tuple(chain.from_iterable(self.sections.values()))

    def lines(self, encoder: str, benchmarks: Sequence[Sequence[Row]]) -> Iterator[tuple[str, str, list[Row | None]]]:
        """Yield section and name of each line with its row in each benchmark; a method without a row has no line."""
        for section, keys in self.sections.items():
            for key in keys:
                found = [{row.name: row for row in rows if row.method == key} for rows in benchmarks]
                for name in dict.fromkeys(name for each in found for name in each):
                    yield section.format(encoder=encoder), name, [each.get(name) for each in found]


PAPER_TABLES = msgspec.toml.decode(
    files(__package__).joinpath("paper_tables.toml").read_bytes(), type=dict[str, PaperTable]
)


class CannotJoin(ModelingError):
    """Benchmarks do not make one table together."""


def join(layout: PaperTable, benchmarks: Sequence[StoredBenchmark]) -> Table:
    """Lay out benchmarks beside each other by data set, below each other by encoder. Raises CannotJoin."""
    by_place = {(each.encoder, each.dataset): each for each in benchmarks}
    if len(by_place) < len(benchmarks):
        raise CannotJoin("two of the benchmarks are of the same data set with the same encoder; give one of them")
    datasets = tuple(dict.fromkeys(each.dataset for each in benchmarks))
    encoders = tuple(dict.fromkeys(each.encoder for each in benchmarks))
    lines = []
    for encoder in encoders:
        found = [by_place.get((encoder, name)) for name in datasets]
        for section, method, rows in layout.lines(encoder, [each.rows if each else () for each in found]):
            named = section if len(encoders) == 1 or encoder in section else f"{encoder}: {section}"
            cells = [cell for pair in zip(found, rows, strict=True) for cell in _cells(layout, *pair)]
            lines.append((named, method, *cells))
    titles = (f"{dataset} {FIGURE_TITLES[figure]}" for dataset in datasets for figure in layout.columns)
    return Table(layout.title, (layout.first, "Method", *titles), tuple(lines))


def _cells(layout: PaperTable, benchmark: StoredBenchmark | None, row: Row | None) -> Iterator[str]:
    for figure in layout.columns:
        if benchmark is None or row is None:
            yield NONE
        else:
            rows = [each for each in benchmark.rows if each.method in layout.methods and each.outcomes]
            is_best = row.outcomes and _is_best(benchmark, row, rows, figure)
            yield (Best if is_best else str)(mean(figure, row))


def _is_best(benchmark: StoredBenchmark, row: Row, rows: Sequence[Row], figure: Figure) -> bool:
    def is_behind(other: Row) -> bool:
        values = benchmark.values_of(row), benchmark.values_of(other)
        return told_apart(benchmark.images, row, other, figure, values)

    return all(is_behind(other) for other in rows if other is not row)
