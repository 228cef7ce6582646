"""The columns of what more people bring on a task."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotations.analysis.statistics.estimate_types import Novelty, PeopleNeeded
from annotations.tables.columns import Says, Table, declared
from annotations.tables.shared import FROM_1, TASK, field
from annotations.tables.worded_tables import worded


@dataclass(frozen=True)
class SaturationPoint:
    """A measure of `people` people of a task. is_beyond: more than were asked."""

    task: Annotated[int, TASK]
    measure: Annotated[
        str,
        Says(
            "concepts: distinct ones, of the phrases that new_concepts.csv counts; best_score",
            range="concepts, best_score",
        ),
    ]
    people: Annotated[int, Says("so many people", **FROM_1)]
    mean: Annotated[float, Says("what so many reach on average: exact, or extrapolated by Chao2")]
    low: Annotated[
        float,
        Says("concepts: lower end of the 95% interval for other people; best_score: of the middle 95% of orders"),
    ]
    high: Annotated[float, Says("its upper end")]
    is_beyond: Annotated[bool, Says("whether so many are more than were asked")] = False


class Counted(StrEnum):
    """Which phrases name concepts: those better than guessing, or all where that cannot be told."""

    BETTER = "better_than_guessing"
    ALL = "all"


@dataclass(frozen=True)
class TaskNovelty:
    """The chance that the next person brings a new concept, against the chance below which the study has enough.

    It has enough where the upper end of the chance's interval is below it, not where the estimate alone is. needed:
    None where fewer than five people named something.
    """

    task: int
    novelty: Novelty
    enough_below: float
    counted: Counted
    needed: PeopleNeeded | None = None

    @property
    def is_enough(self) -> bool | None:
        return None if self.novelty.high is None else self.novelty.high < self.enough_below


def _needed(name: str) -> Callable[[TaskNovelty], int | None]:
    """Return a getter of how many more people it takes; None where there are too few to tell."""
    return lambda row: None if row.needed is None else getattr(row.needed, name)


SATURATION: Table[SaturationPoint] = Table(
    "saturation.csv",
    "one row per task, measure and number of people: what so many people reach, up to twice as many as were asked",
    "by task, measure, then people",
    declared(SaturationPoint),
)

NOVELTY: Table[TaskNovelty] = worded(
    __package__,
    "new_concepts",
    {
        "people": field("novelty.people"),
        "concepts": field("novelty.concepts"),
        "named_once": field("novelty.named_once"),
        "chance": field("novelty.chance"),
        "chance_low": field("novelty.low"),
        "chance_high": field("novelty.high"),
        "more_people": _needed("more"),
        "more_low": _needed("low"),
        "more_high": _needed("high"),
    },
    {"counted": Counted},
    [TASK],
)
