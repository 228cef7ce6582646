"""The columns of the concept tables: CSV files, the page's tables and the data dictionary are made from these."""

from dataclasses import dataclass

from annotations.tables.columns import Table
from annotations.tables.worded_tables import worded

FEWEST_CLUSTERED = 10  # wrong images that no concept selects, for clusters of them


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
    gain: float | None
    texts: tuple[str, ...]


@dataclass(frozen=True)
class TogetherRow:
    """The union of the hard slices of the first `concepts` chosen concepts, of which this line adds one.

    learned: its error score on the half of the images that chose; held_out: on the other half. shuffled: what the same
    phrases reach there where errors are shuffled; random: what as many random directions reach; each with the level
    that 19 of 20 stay below. over_splits: held out on average where other halves choose, with its interval [low, high].
    """

    task: int
    class_name: str
    concepts: int
    number: int
    name: str
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


CONCEPTS: Table[ConceptRow] = worded(__package__, "concepts", {"texts": lambda row: list(row.texts)})
TOGETHER: Table[TogetherRow] = worded(__package__, "concepts_together")
MAP: Table[Place] = worded(__package__, "concept_map", {"concept": lambda row: row.number or None})
UNNAMED: Table[UnnamedRow] = worded(__package__, "unnamed_errors", {"images": lambda row: list(row.images)})
