"""The columns of the concept tables: CSV files, the page's tables and the data dictionary are made from these."""

from dataclasses import dataclass
from typing import Annotated, Any

from annotations.tables.columns import Column, Integer, Says, Table, declared
from annotations.tables.shared import CLASS, COUNT, FROM_1, SCORE, SHARE, TASK, Values, field

FEWEST_CLUSTERED = 10  # wrong images that no concept selects, for clusters of them

_NUMBER: Column[Any] = Integer("concept", "number of the concept in its task, from 1", field("number"))
_GAIN: Values = {"range": "-1 to 1", "unit": "share"}


@dataclass(frozen=True)
class ConceptRow:
    """One concept of a task. of_errors, of_correct: the share of the class's wrong, and right, images in its slice."""

    task: Annotated[int, TASK]
    class_name: Annotated[str, CLASS]
    number: Annotated[int, _NUMBER]
    name: Annotated[
        str,
        Says(
            "the most central of its phrases that are better than guessing; written as in phrases.csv",
            computed="highest mean kappa with the slices of its phrases; of equal ones the highest error score",
        ),
    ]
    phrases: Annotated[int, Says("distinct phrases", **FROM_1)]
    people: Annotated[int, Says("people of the study who named it", **COUNT)]
    experts: Annotated[int, Says("experts who named it for the same class, in any study", **COUNT)]
    error_score: Annotated[float, Says("of that phrase", **SCORE)]
    of_errors: Annotated[float | None, Says("share of the wrong images in its slice", **SHARE)]
    of_correct: Annotated[float | None, Says("share of the right images in its slice", **SHARE)]
    worst_group_accuracy: Annotated[float | None, Says("on test, of that phrase's run", **SHARE)]
    own_gain: Annotated[float | None, Says("that accuracy less the control's", **_GAIN)]
    gain: Annotated[float | None, Says("that accuracy less the base model's", **_GAIN)]
    texts: Annotated[tuple[str, ...], Says("its phrases", cell=lambda row: list(row.texts))]


@dataclass(frozen=True)
class TogetherRow:
    """The union of the hard slices of the first `concepts` chosen concepts, of which this line adds one.

    learned: its error score on the half of the images that chose; held_out: on the other half. shuffled: what the same
    phrases reach there where errors are shuffled; random: what as many random directions reach; each with the level
    that 19 of 20 stay below. over_splits: held out on average where other halves choose, with its interval [low, high].
    """

    task: Annotated[int, TASK]
    class_name: Annotated[str, CLASS]
    concepts: Annotated[int, Says("in the union", **FROM_1)]
    number: Annotated[int, _NUMBER]
    name: Annotated[str, Says("the concept that this line adds")]
    learned: Annotated[
        float, Says("error score of the union on the half of validation that chose concepts and thresholds", **SCORE)
    ]
    held_out: Annotated[float, Says("on the other half: what is to be reported", **SCORE)]
    shuffled: Annotated[float, Says("mean of the same where errors are shuffled", **SCORE)]
    shuffled_level: Annotated[float, Says("19 of 20 of these are at most", **SCORE)]
    random: Annotated[float, Says("mean of as many random directions, chosen likewise", **SCORE)]
    random_level: Annotated[float, Says("19 of 20 of these are at most", **SCORE)]
    splits: Annotated[int, Says("other random halvings of the images", **COUNT)]
    over_splits: Annotated[
        float, Says("mean of held_out over these, where each chooses as many concepts anew", **SCORE)
    ]
    low: Annotated[
        float,
        Says(
            "lower end of its 95% interval",
            computed="Nadeau and Bengio's: over_splits ± t(0.975, splits - 1) · sd · √(1/splits + 1), within 0 to 1",
            name="over_splits_low",
            **SCORE,
        ),
    ]
    high: Annotated[float, Says("its upper end", name="over_splits_high", **SCORE)]


@dataclass(frozen=True)
class Place:
    """Where an annotation is on the map of its task. number: of its concept, 0 where it is none."""

    task: Annotated[int, TASK]
    number: Annotated[
        int,
        Says(
            "number of the concept in its task, from 1; empty where the phrase is of none",
            name="concept",
            cell=lambda row: row.number or None,
        ),
    ]
    text: Annotated[str, Says("the phrase; written as in phrases.csv")]
    x: Annotated[float, Says("first principal component of the phrases' embeddings")]
    y: Annotated[float, Says("second principal component")]
    people: Annotated[int, Says("people of the study who said it", **COUNT)]
    experts: Annotated[int, Says("experts who said it", **COUNT)]
    error_score: Annotated[float, Says("of the phrase", **SCORE)]


_P = "p-value beside as many images drawn from all that no concept selects, right and wrong (Besag and Clifford 1991)"


@dataclass(frozen=True, kw_only=True)
class UnnamedRow:
    """Wrong images of a class that no concept selects: all of a task where cluster is 0, else those of one cluster.

    of_errors: their share of the class's wrong images, with its interval [low, high]; of_correct: the share of the
    right ones that no concept selects. images: their keys, in a cluster those nearest to its centre first.
    """

    task: Annotated[int, TASK]
    class_name: Annotated[str, CLASS]
    cluster: Annotated[int, Says("0: all; else its number, from 1, the largest first", **COUNT)]
    n: Annotated[int, Says("validation images", **COUNT)]
    of_errors: Annotated[float, Says("share of the class's wrong images", **SHARE)]
    low: Annotated[float, Says("lower end of Wilson's 95% interval", name="of_errors_low", **SHARE)]
    high: Annotated[float, Says("its upper end", name="of_errors_high", **SHARE)]
    of_correct: Annotated[float | None, Says("share of its right images that no concept selects", **SHARE)] = None
    silhouette: Annotated[
        float | None,
        Says(
            "mean silhouette of the best number of clusters",
            computed="k-means of 2 to 6 clusters of up to 200 unit embeddings, of 5 images or more on average",
            range="-1 to 1",
        ),
    ] = None
    silhouette_p: Annotated[float | None, Says(_P, **SHARE)] = None
    likeness: Annotated[float | None, Says("mean similarity of two of them", unit="cosine")] = None
    likeness_p: Annotated[float | None, Says(_P, **SHARE)] = None
    images: Annotated[tuple[str, ...], Says("their image keys", cell=lambda row: list(row.images))]
    dataset: int


CONCEPTS: Table[ConceptRow] = Table(
    "concepts.csv",
    "one row per task and concept: phrases that have the same words, or select nearly the same images; none of them "
    "selects nearly all images, and at least one is better than guessing, where the task has images enough to tell",
    "by task, then by how many people named it",
    declared(ConceptRow),
)
TOGETHER: Table[TogetherRow] = Table(
    "concepts_together.csv",
    "one row per task and number of concepts: how much the union of their slices explains",
    "by task, then number",
    declared(TogetherRow),
)
MAP: Table[Place] = Table(
    "concept_map.csv",
    "one row per task and distinct phrase: its place among the others by what it means to the encoder",
    "by task, concept, then phrase",
    declared(Place),
)
UNNAMED: Table[UnnamedRow] = Table(
    "unnamed_errors.csv",
    "one row per task with a scored phrase for its wrong images that no concept selects, then one for each cluster of "
    "their embeddings; no cluster: as many images drawn at random lie alike. Draws are seeded",
    "by task, then cluster",
    declared(UnnamedRow),
)
