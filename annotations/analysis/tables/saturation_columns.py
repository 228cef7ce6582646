"""The columns of what more people bring on a task."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from annotations.analysis.statistics.estimate_types import Novelty, PeopleNeeded
from annotations.tables.columns import Boolean, Count, Integer, Number, Share, Table, Text
from annotations.tables.shared import TASK, field


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
    (
        TASK,
        Text(
            "measure",
            "concepts: distinct ones, of the phrases that new_concepts.csv counts; best_score",
            range="concepts, best_score",
        ),
        Integer("people", "so many people", range="1 or more"),
        Number("mean", "what so many reach on average: exact, or extrapolated by Chao2"),
        Number(
            "low", "concepts: lower end of the 95% interval for other people; best_score: of the middle 95% of orders"
        ),
        Number("high", "its upper end"),
        Boolean("is_beyond", "whether so many are more than were asked"),
    ),
)

NOVELTY: Table[TaskNovelty] = Table(
    "new_concepts.csv",
    "one row per task: whether enough people have been asked",
    "by task",
    (
        TASK,
        Text(
            "counted",
            "which phrases name concepts: those better than guessing (phrases.csv); all where the task has too few "
            "images to tell, or common words are not scored yet",
            range=", ".join(Counted),
        ),
        Count("people", "who named something", field("novelty.people")),
        Count("concepts", "distinct concepts", field("novelty.concepts")),
        Count("named_once", "concepts that one person alone named", field("novelty.named_once")),
        Share(
            "chance",
            "Good-Turing chance that the next person names a new one: the share of people who named one that nobody "
            "else did",
            field("novelty.chance"),
        ),
        Share("chance_low", "lower end of Wilson's 95% interval", field("novelty.low")),
        Share("chance_high", "its upper end", field("novelty.high")),
        Share("enough_below", "the study's threshold"),
        Boolean("is_enough", "whether chance_high is below that"),
        Count(
            "more_people",
            "how many more people who name something it takes until the chance is below that; empty: more than people, "
            "or people are fewer than five",
            _needed("more"),
        ),
        Count("more_low", "lower end of its 95% interval", _needed("low")),
        Count("more_high", "its upper end; empty: more than people", _needed("high")),
    ),
)
