"""The lowest tables of a release: what all of its other tables are computed from, as Parquet."""

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from annotations.analysis.observations.course_steps import REASONS, Step
from annotations.analysis.observations.person_tasks import Basis
from annotations.base.tables.columns import Cell, Table, columns_of
from annotations.base.word_files import read_words

Cells = tuple[Cell, ...]
_WORDS = read_words("worker.releases", "lowest_tables")


def _worded(
    name: str,
    folder: str = "",
    cells: Mapping[str, Callable[[Any], Cell]] | None = None,
    values: Mapping[str, Iterable[str]] | None = None,
) -> Table[Any]:
    """Return a table whose rows are their cells, in the order of its columns. cells: how another row is read."""
    words = _WORDS[name]
    by_place = {column: itemgetter(place) for place, column in enumerate(words["columns"])}
    columns = columns_of(words["columns"], cells or by_place, values or {})
    return Table(f"lowest/{folder}{name}.parquet", words["meaning"], words["order"], columns)


SAID = _worded("said", values={"basis": Basis})
COURSES = _worded(
    "courses",
    cells={"step": lambda row: row.step.name.lower()},
    values={"step": (step.name.lower() for step in Step), "reason": REASONS},
)
OF_TASK = {name: _worded(name, "task-N/") for name in _WORDS if name not in ("said", "courses")}  # in their order
DEFINITIONS = (SAID, COURSES, *OF_TASK.values())
