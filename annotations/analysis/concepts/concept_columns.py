"""The columns of the concept tables: CSV files, the page's tables and the data dictionary are made from these."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.statistics.estimate_types import LEVEL, Interval
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.base.tables.columns import Table, worded

FEWEST_CLUSTERED = 10  # wrong images that no concept selects, for clusters of them
DRAWS, ENOUGH = 99, 10  # of images; those that reach what was found
CHANCE = (1 - LEVEL) / 2  # two questions are asked, so each may be answered wrongly half as often


@dataclass(frozen=True)
class ConceptRow:
    """One concept of a task. of_errors, of_correct: the share of the class's wrong, and right, images in its slice."""

    task: int
    class_name: str
    number: int
    name: str
    phrases: int
    people: int
    experts: int
    error_score: float
    of_errors: float | None
    of_correct: float | None
    worst_group_accuracy: float | None
    own_gain: float | None
    own_gain_interval: Interval | None
    gain: float | None
    texts: tuple[str, ...]


@dataclass(frozen=True)
class TogetherRow:
    """The union of the hard slices of the first `concepts` chosen concepts, of which this line adds one.

    name: of the concept; phrase: its best on the half that chose, whose slice, cut anew there, is in the union.
    learned: its error score on the half of the images that chose; held_out: on the other half. shuffled: what the same
    phrases reach there where errors are shuffled; random: what as many random directions reach; each with the level
    that 19 of 20 stay below. over_splits: held out on average where other halves choose, with its interval [low, high].
    """

    task: int
    class_name: str
    concepts: int
    number: int
    name: str
    phrase: str
    learned: float
    held_out: float
    shuffled: float
    shuffled_level: float
    random: float
    random_level: float
    splits: int
    over_splits: float
    low: float
    high: float


@dataclass(frozen=True)
class Place:
    """Where an annotation is on the map of its task. number: of its concept, 0 where it is none."""

    task: int
    number: int
    text: str
    x: float
    y: float
    people: int
    experts: int
    error_score: float


@dataclass(frozen=True, kw_only=True)
class UnnamedRow:
    """Wrong images of a class that no concept selects: all of a task where cluster is 0, else those of one cluster.

    of_errors: their share of the class's wrong images, with its interval [low, high]; of_correct: the share of the
    right ones that no concept selects. images: their keys, in a cluster those nearest to its centre first.
    """

    task: int
    class_name: str
    cluster: int
    n: int
    of_errors: float
    low: float
    high: float
    of_correct: float | None = None
    silhouette: float | None = None
    silhouette_p: float | None = None
    likeness: float | None = None
    likeness_p: float | None = None
    images: tuple[str, ...]
    dataset: int


@dataclass(frozen=True)
class Measured:
    """A number of the unnamed errors, and its p-value beside those of as many images drawn at random."""

    value: float
    p_value: float

    @classmethod
    def beside(cls, value: float, draws: Iterator[float]) -> "Measured":
        """Draw until ENOUGH reach the value, at most DRAWS times (Besag and Clifford 1991)."""
        reach = 0
        for n, drawn in enumerate(islice(draws, DRAWS), start=1):
            reach += drawn >= value
            if reach == ENOUGH:
                return cls(value, reach / n)
        return cls(value, (1 + reach) / (1 + DRAWS))

    @property
    def is_telling(self) -> bool:
        return self.p_value <= CHANCE


@dataclass(frozen=True)
class Clusters:
    """Clusters of some of the images given, the largest first; none: they have no structure.

    members: positions among the images, those nearest to the centre first. apart: the silhouette of the best number of
    clusters; alike: mean similarity of two images.
    """

    members: tuple[tuple[int, ...], ...]
    apart: Measured
    alike: Measured


CONCEPTS: Table[ConceptRow] = worded(__package__, "concepts", {"texts": lambda row: list(row.texts)})
TOGETHER: Table[TogetherRow] = worded(__package__, "concepts_together")
MAP: Table[Place] = worded(__package__, "concept_map", {"concept": lambda row: row.number or None})
UNNAMED: Table[UnnamedRow] = worded(__package__, "unnamed_errors", {"images": lambda row: list(row.images)})


@dataclass(frozen=True)
class ConceptTables:
    """missing: why there is less than there could be, in sentences. numbers: of each phrase's concept, by its id."""

    slug: str
    tasks: tuple[TaskFacts, ...]
    concepts: Annotated[FilledTable[ConceptRow], CONCEPTS]
    together: Annotated[FilledTable[TogetherRow], TOGETHER]
    map: Annotated[FilledTable[Place], MAP]
    unnamed: Annotated[FilledTable[UnnamedRow], UNNAMED]
    missing: tuple[str, ...]
    numbers: dict[int, int]

    @property
    def all(self) -> tuple[FilledTable[Any], ...]:
        return self.concepts, self.together, self.map, self.unnamed
