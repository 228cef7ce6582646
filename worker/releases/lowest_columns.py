"""The lowest tables of a release: what all of its other tables are computed from, as Parquet."""

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from annotations.analysis.observations.person_tasks import Basis
from annotations.readings.monitoring.course_steps import REASONS, Step
from annotations.tables.columns import Cell, Table
from annotations.tables.worded_tables import columns_of

FOLDER = "lowest"


Cells = tuple[Cell, ...]


@dataclass(frozen=True)
class LowestTable(Table[Cells]):
    """A table whose rows are their cells, in the order of its columns; its file may be in the folder of a task."""

    def cells(self, row: Cells) -> list[Cell]:
        return list(row)

    def of_task(self, position: int) -> "LowestTable":
        return replace(self, file=self.file.replace("task-N", f"task-{position}"))


_WORDS = tomllib.loads(files("worker.releases").joinpath("lowest_tables.toml").read_text("utf-8"))


def _worded(file: str, name: str, **python: Any) -> LowestTable:
    words = _WORDS[name]
    return LowestTable(f"{FOLDER}/{file}", words["meaning"], words["order"], columns_of(words["columns"], **python))


SAID = _worded("said.parquet", "said", values={"basis": Basis})
_OF_COURSES = _WORDS["courses"]
COURSES: Table[Any] = Table(
    f"{FOLDER}/courses.parquet",
    _OF_COURSES["meaning"],
    _OF_COURSES["order"],
    columns_of(
        _OF_COURSES["columns"],
        {"step": lambda row: row.step.name.lower()},
        {"step": (step.name.lower() for step in Step), "reason": REASONS},
    ),
)
OF_TASK = {  # in the order of a release
    name: _worded(f"task-N/{name}.parquet", name) for name in _WORDS if name not in ("said", "courses")
}
DEFINITIONS: tuple[Table[Any], ...] = (SAID, COURSES, *OF_TASK.values())
