"""The columns of what more people bring on a task."""

from dataclasses import dataclass
from enum import StrEnum

from annotations.analysis.statistics.estimate_types import Novelty, PeopleNeeded
from annotations.base.tables.columns import Table
from annotations.base.tables.worded_tables import worded


@dataclass(frozen=True)
class SaturationPoint:
    """A measure of `people` people of a task. is_beyond: more than were asked."""

    task: int
    measure: str
    people: int
    mean: float
    low: float
    high: float
    is_beyond: bool = False


class Counted(StrEnum):
    """Which phrases name concepts: those better than guessing, or all where that cannot be told."""

    BETTER = "better_than_guessing"
    ALL = "all"


@dataclass(frozen=True)
class TaskNovelty:
    """The chance that the next person brings a new concept, against the chance below which the study has enough.

    It has enough where the upper end of the chance's interval is below it, not where the estimate alone is. needed:
    until it has; None where fewer than five people submitted a phrase.
    """

    task: int
    novelty: Novelty
    enough_below: float
    counted: Counted
    needed: PeopleNeeded | None = None

    @property
    def is_enough(self) -> bool | None:
        return None if self.novelty.high is None else self.novelty.high < self.enough_below


SATURATION: Table[SaturationPoint] = worded(__package__, "saturation")
NOVELTY: Table[TaskNovelty] = worded(__package__, "new_concepts", values={"counted": Counted})
