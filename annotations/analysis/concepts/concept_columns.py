"""The columns of the concept tables: CSV files, the page's tables and the data dictionary are made from these."""

from dataclasses import dataclass
from typing import Annotated, Any

from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.tables.columns import Column, Count, Integer, Json, Number, Share, Table, Text
from annotations.tables.shared import SCORE, field, task_column

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


@dataclass(frozen=True)
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
    images: tuple[str, ...]
    dataset: int
    of_correct: float | None = None
    silhouette: float | None = None
    silhouette_p: float | None = None
    likeness: float | None = None
    likeness_p: float | None = None


_TASK = task_column(field("task"))
_CLASS: Column[Any] = Text("class", "name of the annotated class", field("class_name"))
_NUMBER: Column[Any] = Integer("concept", "number of the concept in its task, from 1", field("number"))

CONCEPTS: Table[ConceptRow] = Table(
    "concepts.csv",
    "one row per task and concept: phrases that have the same words, or select nearly the same images; none of them "
    "selects nearly all images, and at least one is better than guessing, where the task has images enough to tell",
    "by task, then by how many people named it",
    (
        _TASK,
        _CLASS,
        _NUMBER,
        Text(
            "name",
            "the most central of its phrases that are better than guessing; written as in phrases.csv",
            field("name"),
            computed="highest mean kappa with the slices of its phrases; of equal ones the highest error score",
        ),
        Integer("phrases", "distinct phrases", field("phrases"), range="1 or more"),
        Count("people", "people of the study who named it", field("people")),
        Count("experts", "experts who named it for the same class, in any study", field("experts")),
        Number("error_score", "of that phrase", field("error_score"), **SCORE),
        Share("of_errors", "share of the wrong images in its slice", field("of_errors")),
        Share("of_correct", "share of the right images in its slice", field("of_correct")),
        Share("worst_group_accuracy", "on test, of that phrase's run", field("worst_group_accuracy")),
        Number("own_gain", "that accuracy less the control's", field("own_gain"), range="-1 to 1", unit="share"),
        Number("gain", "that accuracy less the base model's", field("gain"), range="-1 to 1", unit="share"),
        Json("texts", "its phrases", lambda row: list(row.texts)),
    ),
)

TOGETHER: Table[TogetherRow] = Table(
    "concepts_together.csv",
    "one row per task and number of concepts: how much the union of their slices explains",
    "by task, then number",
    (
        _TASK,
        _CLASS,
        Integer("concepts", "in the union", field("concepts"), range="1 or more"),
        _NUMBER,
        Text("name", "the concept that this line adds", field("name")),
        Number(
            "learned",
            "error score of the union on the half of validation that chose concepts and thresholds",
            field("learned"),
            **SCORE,
        ),
        Number("held_out", "on the other half: what is to be reported", field("held_out"), **SCORE),
        Number("shuffled", "mean of the same where errors are shuffled", field("shuffled"), **SCORE),
        Number("shuffled_level", "19 of 20 of these are at most", field("shuffled_level"), **SCORE),
        Number("random", "mean of as many random directions, chosen likewise", field("random"), **SCORE),
        Number("random_level", "19 of 20 of these are at most", field("random_level"), **SCORE),
        Count("splits", "other random halvings of the images", field("splits")),
        Number(
            "over_splits",
            "mean of held_out over these, where each chooses as many concepts anew",
            field("over_splits"),
            **SCORE,
        ),
        Number(
            "over_splits_low",
            "lower end of its 95% interval",
            field("low"),
            computed="Nadeau and Bengio's: over_splits ± t(0.975, splits - 1) · sd · √(1/splits + 1), within 0 to 1",
            **SCORE,
        ),
        Number("over_splits_high", "its upper end", field("high"), **SCORE),
    ),
)

MAP: Table[Place] = Table(
    "concept_map.csv",
    "one row per task and distinct phrase: its place among the others by what it means to the encoder",
    "by task, concept, then phrase",
    (
        _TASK,
        Integer(
            "concept",
            "number of the concept in its task, from 1; empty where the phrase is of none",
            lambda row: row.number or None,
        ),
        Text("text", "the phrase; written as in phrases.csv", field("text")),
        Number("x", "first principal component of the phrases' embeddings", field("x")),
        Number("y", "second principal component", field("y")),
        Count("people", "people of the study who said it", field("people")),
        Count("experts", "experts who said it", field("experts")),
        Number("error_score", "of the phrase", field("error_score"), **SCORE),
    ),
)

_P = "p-value beside as many images drawn from all that no concept selects, right and wrong (Besag and Clifford 1991)"

UNNAMED: Table[UnnamedRow] = Table(
    "unnamed_errors.csv",
    "one row per task with a scored phrase for its wrong images that no concept selects, then one for each cluster of "
    "their embeddings; no cluster: as many images drawn at random lie alike. Draws are seeded",
    "by task, then cluster",
    (
        _TASK,
        _CLASS,
        Count("cluster", "0: all; else its number, from 1, the largest first", field("cluster")),
        Count("n", "validation images", field("n")),
        Share("of_errors", "share of the class's wrong images", field("of_errors")),
        Share("of_errors_low", "lower end of Wilson's 95% interval", field("low")),
        Share("of_errors_high", "its upper end", field("high")),
        Share("of_correct", "share of its right images that no concept selects", field("of_correct")),
        Number(
            "silhouette",
            "mean silhouette of the best number of clusters",
            field("silhouette"),
            computed="k-means of 2 to 6 clusters of up to 200 unit embeddings, of 5 images or more on average",
            range="-1 to 1",
        ),
        Share("silhouette_p", _P, field("silhouette_p")),
        Number("likeness", "mean similarity of two of them", field("likeness"), unit="cosine"),
        Share("likeness_p", _P, field("likeness_p")),
        Json("images", "their image keys", lambda row: list(row.images)),
    ),
)


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
