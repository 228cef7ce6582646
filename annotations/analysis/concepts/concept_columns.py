"""The columns of the concept tables: CSV files, the page's tables and the data dictionary are made from these."""

from dataclasses import dataclass
from typing import Annotated, Any

from annotations.analysis.observations.study_rows import TaskFacts
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, SCORE, SHARE, field, task_column

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
_CLASS: Column[Any] = Column("class", "text", "name of the annotated class", field("class_name"))
_NUMBER: Column[Any] = Column("concept", "integer", "number of the concept in its task, from 1", field("number"))

CONCEPTS: Table[ConceptRow] = Table(
    "concepts.csv",
    "one row per task and concept: phrases that have the same words, or select nearly the same images; none of them "
    "selects nearly all images, and at least one is better than guessing, where the task has images enough to tell",
    "by task, then by how many people named it",
    (
        _TASK,
        _CLASS,
        _NUMBER,
        Column(
            "name",
            "text",
            "the most central of its phrases that are better than guessing; written as in phrases.csv",
            field("name"),
            computed="highest mean kappa with the slices of its phrases; of equal ones the highest error score",
        ),
        Column("phrases", "integer", "distinct phrases", field("phrases"), range="1 or more"),
        Column("people", "integer", "people of the study who named it", field("people"), **COUNT),
        Column(
            "experts", "integer", "experts who named it for the same class, in any study", field("experts"), **COUNT
        ),
        Column("error_score", "number", "of that phrase", field("error_score"), **SCORE),
        Column("of_errors", "number", "share of the wrong images in its slice", field("of_errors"), **SHARE),
        Column("of_correct", "number", "share of the right images in its slice", field("of_correct"), **SHARE),
        Column(
            "worst_group_accuracy", "number", "on test, of that phrase's run", field("worst_group_accuracy"), **SHARE
        ),
        Column(
            "own_gain", "number", "that accuracy less the control's", field("own_gain"), range="-1 to 1", unit="share"
        ),
        Column("gain", "number", "that accuracy less the base model's", field("gain"), range="-1 to 1", unit="share"),
        Column("texts", "json", "its phrases", lambda row: list(row.texts)),
    ),
)

TOGETHER: Table[TogetherRow] = Table(
    "concepts_together.csv",
    "one row per task and number of concepts: how much the union of their slices explains",
    "by task, then number",
    (
        _TASK,
        _CLASS,
        Column("concepts", "integer", "in the union", field("concepts"), range="1 or more"),
        _NUMBER,
        Column("name", "text", "the concept that this line adds", field("name")),
        Column(
            "learned",
            "number",
            "error score of the union on the half of validation that chose concepts and thresholds",
            field("learned"),
            **SCORE,
        ),
        Column("held_out", "number", "on the other half: what is to be reported", field("held_out"), **SCORE),
        Column("shuffled", "number", "mean of the same where errors are shuffled", field("shuffled"), **SCORE),
        Column("shuffled_level", "number", "19 of 20 of these are at most", field("shuffled_level"), **SCORE),
        Column("random", "number", "mean of as many random directions, chosen likewise", field("random"), **SCORE),
        Column("random_level", "number", "19 of 20 of these are at most", field("random_level"), **SCORE),
        Column("splits", "integer", "other random halvings of the images", field("splits"), **COUNT),
        Column(
            "over_splits",
            "number",
            "mean of held_out over these, where each chooses as many concepts anew",
            field("over_splits"),
            **SCORE,
        ),
        Column(
            "over_splits_low",
            "number",
            "lower end of its 95% interval",
            field("low"),
            computed="Nadeau and Bengio's: over_splits ± t(0.975, splits - 1) · sd · √(1/splits + 1), within 0 to 1",
            **SCORE,
        ),
        Column("over_splits_high", "number", "its upper end", field("high"), **SCORE),
    ),
)

MAP: Table[Place] = Table(
    "concept_map.csv",
    "one row per task and distinct phrase: its place among the others by what it means to the encoder",
    "by task, concept, then phrase",
    (
        _TASK,
        Column(
            "concept",
            "integer",
            "number of the concept in its task, from 1; empty where the phrase is of none",
            lambda row: row.number or None,
        ),
        Column("text", "text", "the phrase; written as in phrases.csv", field("text")),
        Column("x", "number", "first principal component of the phrases' embeddings", field("x")),
        Column("y", "number", "second principal component", field("y")),
        Column("people", "integer", "people of the study who said it", field("people"), **COUNT),
        Column("experts", "integer", "experts who said it", field("experts"), **COUNT),
        Column("error_score", "number", "of the phrase", field("error_score"), **SCORE),
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
        Column("cluster", "integer", "0: all; else its number, from 1, the largest first", field("cluster"), **COUNT),
        Column("n", "integer", "validation images", field("n"), **COUNT),
        Column("of_errors", "number", "share of the class's wrong images", field("of_errors"), **SHARE),
        Column("of_errors_low", "number", "lower end of Wilson's 95% interval", field("low"), **SHARE),
        Column("of_errors_high", "number", "its upper end", field("high"), **SHARE),
        Column(
            "of_correct", "number", "share of its right images that no concept selects", field("of_correct"), **SHARE
        ),
        Column(
            "silhouette",
            "number",
            "mean silhouette of the best number of clusters",
            field("silhouette"),
            computed="k-means of 2 to 6 clusters of up to 200 unit embeddings, of 5 images or more on average",
            range="-1 to 1",
        ),
        Column("silhouette_p", "number", _P, field("silhouette_p"), **SHARE),
        Column("likeness", "number", "mean similarity of two of them", field("likeness"), unit="cosine"),
        Column("likeness_p", "number", _P, field("likeness_p"), **SHARE),
        Column("images", "json", "their image keys", lambda row: list(row.images)),
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
