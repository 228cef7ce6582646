"""The columns of what more people bring on a task."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from annotations.analysis.statistics.estimate_types import Novelty, PeopleNeeded
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, SHARE, TASK, field


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
        Column(
            "measure",
            "text",
            "concepts: distinct ones, of the phrases that new_concepts.csv counts; best_score",
            range="concepts, best_score",
        ),
        Column("people", "integer", "so many people", range="1 or more"),
        Column("mean", "number", "what so many reach on average: exact, or extrapolated by Chao2"),
        Column(
            "low",
            "number",
            "concepts: lower end of the 95% interval for other people; best_score: of the middle 95% of orders",
        ),
        Column("high", "number", "its upper end"),
        Column("is_beyond", "boolean", "whether so many are more than were asked"),
    ),
)

NOVELTY: Table[TaskNovelty] = Table(
    "new_concepts.csv",
    "one row per task: whether enough people have been asked",
    "by task",
    (
        TASK,
        Column(
            "counted",
            "text",
            "which phrases name concepts: those better than guessing (phrases.csv); all where the task has too few "
            "images to tell, or common words are not scored yet",
            range=", ".join(Counted),
        ),
        Column("people", "integer", "who named something", field("novelty.people"), **COUNT),
        Column("concepts", "integer", "distinct concepts", field("novelty.concepts"), **COUNT),
        Column("named_once", "integer", "concepts that one person alone named", field("novelty.named_once"), **COUNT),
        Column(
            "chance",
            "number",
            "Good-Turing chance that the next person names a new one: the share of people who named one that nobody "
            "else did",
            field("novelty.chance"),
            **SHARE,
        ),
        Column("chance_low", "number", "lower end of Wilson's 95% interval", field("novelty.low"), **SHARE),
        Column("chance_high", "number", "its upper end", field("novelty.high"), **SHARE),
        Column("enough_below", "number", "the study's threshold", **SHARE),
        Column("is_enough", "boolean", "whether chance_high is below that"),
        Column(
            "more_people",
            "integer",
            "how many more people who name something it takes until the chance is below that; empty: more than people, "
            "or people are fewer than five",
            _needed("more"),
            **COUNT,
        ),
        Column("more_low", "integer", "lower end of its 95% interval", _needed("low"), **COUNT),
        Column("more_high", "integer", "its upper end; empty: more than people", _needed("high"), **COUNT),
    ),
)
