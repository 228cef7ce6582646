"""The columns of what is measured over people: means, comparisons, gains of groups, and what more people bring.

Comparisons are of conditions between people, and of tasks within people."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from annotations.analysis.statistics.estimate_types import Comparison, Estimate, Novelty, PeopleNeeded
from annotations.base.tables.columns import Table, worded


@dataclass(frozen=True)
class Compared:
    """`second` less `first` of one measure. adjusted_p: Holm's over all that are primary, None for others."""

    measure: str
    over: str
    first: str
    second: str
    result: Comparison
    is_primary: bool = False
    adjusted_p: float | None = None


CONDITIONS: Table[Compared] = worded(__package__, "conditions")
PAIRED: Table[Compared] = worded(__package__, "tasks_within_people")


@dataclass(frozen=True)
class Total:
    """One measure of one task over its people. reference: of the base model, or what unrelated words reach on average.

    missing: how many people have no value, by reason. p_value: that people gain what random slices do, or that best
    error scores are what unrelated words reach on average; None for other measures. adjusted_p: Holm's over all that
    are primary.
    """

    task: int
    measure: str
    over: str
    estimate: Estimate
    missing: Mapping[str, int]
    reference: float | None
    is_primary: bool = False
    p_value: float | None = None
    adjusted_p: float | None = None


TOTALS: Table[Total] = worded(
    __package__,
    "estimates",
    {
        "missing": lambda row: dict(sorted(row.missing.items())),
        "base_model": lambda row: row.reference if "accuracy" in row.measure else None,
        "random_words": lambda row: row.reference if row.measure == "best_error_score" else None,
    },
)


@dataclass(frozen=True)
class GroupGain:
    """One named group of a task. Accuracies on test in [0, 1]; the base model's None where no prediction was imported.

    is_worst: whether the base model gets it wrong most often, or of imported predictions the control, since any
    retraining gives these a new last layer. gain: of retraining with words over the control, over people by intention
    to treat. worst_after: for how many people's words it is the worst group after retraining.
    """

    task: int
    class_name: str
    group: str
    is_worst: bool
    base_model: float | None
    control: float
    gain: Estimate
    worst_after: int

    @property
    def with_words(self) -> float:
        """Mean accuracy over people after retraining with their words."""
        return self.control + (self.gain.mean or 0.0)


GROUP_GAINS: Table[GroupGain] = worded(__package__, "group_gains")


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
    until it has; None where fewer than five people submitted a phrase. by_chance: how many concepts people who type
    random common words as often would name, on average and at most; None where all phrases name concepts.
    """

    task: int
    novelty: Novelty
    enough_below: float
    counted: Counted
    needed: PeopleNeeded | None = None
    by_chance: float | None = None

    @property
    def is_enough(self) -> bool | None:
        return None if self.novelty.high is None else self.novelty.high < self.enough_below


SATURATION: Table[SaturationPoint] = worded(__package__, "saturation")
NOVELTY: Table[TaskNovelty] = worded(__package__, "new_concepts", values={"counted": Counted})
