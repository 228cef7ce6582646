"""What more people bring on a task: what so many reach, and whether enough have been asked."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from annotations.analysis.observations.packed_phrases import Packed
from annotations.analysis.observations.person_tasks import Key, PersonTask, Tried
from annotations.analysis.observations.study_rows import StudyRows, TaskFacts
from annotations.analysis.statistics.estimates import SEED
from annotations.analysis.statistics.saturation import Novelty, best_of, novelty, rarefaction
from annotations.tables.columns import Column, Table
from annotations.tables.shared import COUNT, SHARE, field, task_column


@dataclass(frozen=True)
class SaturationPoint:
    """A measure of the first `people` people in random order."""

    task: int
    measure: str
    people: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class TaskNovelty:
    """The chance that the next person brings a new concept, against the chance below which the study has enough."""

    task: int
    novelty: Novelty
    enough_below: float

    @property
    def is_enough(self) -> bool | None:
        return None if self.novelty.chance is None else self.novelty.chance < self.enough_below


Concept = Callable[[Tried], Hashable]  # equal for phrases of a task that say the same
_TASK = task_column(field("task"))

SATURATION: Table[SaturationPoint] = Table(
    "saturation.csv",
    "one row per task, measure and number of people: what so many people reach, over random orders of them",
    "by task, measure, then people",
    (
        _TASK,
        Column(
            "measure", "text", "concepts: distinct ones; best_score", field("measure"), range="concepts, best_score"
        ),
        Column("people", "integer", "the first so many in random order", field("people"), range="1 or more"),
        Column("mean", "number", "over all orders, exact", field("mean")),
        Column("low", "number", "lower end of the middle 95% of orders", field("low")),
        Column("high", "number", "its upper end", field("high")),
    ),
)

NOVELTY: Table[TaskNovelty] = Table(
    "new_concepts.csv",
    "one row per task: whether enough people have been asked",
    "by task",
    (
        _TASK,
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
        Column("enough_below", "number", "the study's threshold", field("enough_below"), **SHARE),
        Column("is_enough", "boolean", "whether the chance is below that", field("is_enough")),
    ),
)


def over_people(
    rows: StudyRows, people: Iterable[PersonTask], tried: Mapping[Key, Packed], concept: Concept
) -> tuple[tuple[SaturationPoint, ...], tuple[TaskNovelty, ...]]:
    """Return the rows of `SATURATION` and of `NOVELTY`. tried: the phrases of each person on each task."""
    named = _named(tried, concept)
    return tuple(_saturation(rows.tasks, people, named)), tuple(_novelty(rows, named))


def _named(tried: Mapping[Key, Packed], concept: Concept) -> dict[int, list[frozenset[Hashable]]]:
    """By task, the concepts of each person who said something, in the order of pseudonyms.

    Their hashes stand for them, in a third of the memory: of a million, two are alike in one study of ten million.
    """
    named: dict[int, list[frozenset[Hashable]]] = defaultdict(list)
    for (task, _), phrases in sorted(tried.items()):
        named[task].append(frozenset(hash(concept(each)) for each in phrases))
    return named


def _saturation(
    tasks: Iterable[TaskFacts], people: Iterable[PersonTask], named: Mapping[int, list[frozenset[Hashable]]]
) -> Iterator[SaturationPoint]:
    for task in tasks:
        scores = [row.best_error_score for row in people if row.task == task.position]
        curves = {
            "best_score": best_of([score for score in scores if score is not None]),
            "concepts": rarefaction(named.get(task.position, []), np.random.default_rng(SEED)),
        }
        for measure, curve in curves.items():
            for point in zip(curve.people, curve.mean, curve.low, curve.high, strict=True):
                yield SaturationPoint(task.position, measure, *point)


def _novelty(rows: StudyRows, named: Mapping[int, list[frozenset[Hashable]]]) -> Iterator[TaskNovelty]:
    for task in rows.tasks:
        yield TaskNovelty(task.position, novelty(named.get(task.position, [])), rows.new_concept_chance)
