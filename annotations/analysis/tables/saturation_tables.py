"""What more people bring on a task: what so many reach, and whether enough have been asked."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

import numpy as np

from annotations.analysis.observations.packed_phrases import Packed
from annotations.analysis.observations.person_tasks import Key, PersonTask, Tried, is_idea, is_told
from annotations.analysis.observations.study_rows import StudyRows, TaskFacts
from annotations.analysis.statistics.estimate_types import SEED
from annotations.analysis.statistics.saturation import best_of, novelty, rarefaction
from annotations.analysis.tables.saturation_columns import Counted, SaturationPoint, TaskNovelty
from annotations.models import VocabularyLevel

Concept = Callable[[Tried], Hashable]  # equal for phrases of a task that say the same, None for what is no concept


def over_people(
    rows: StudyRows, people: Iterable[PersonTask], tried: Mapping[Key, Packed], concept: Concept
) -> tuple[tuple[SaturationPoint, ...], tuple[TaskNovelty, ...]]:
    """Return the rows of `SATURATION` and of `NOVELTY`. tried: the phrases of each person on each task."""
    named = _named(tried, concept, rows.vocabularies)
    return tuple(_saturation(rows.tasks, people, named)), tuple(_novelty(rows, named))


def _named(
    tried: Mapping[Key, Packed], concept: Concept, vocabularies: Mapping[int, VocabularyLevel]
) -> dict[int, list[frozenset[Hashable]]]:
    """By task, the concepts of each person who said something, in the order of pseudonyms; only better than guessing.

    Their hashes stand for them, in a third of the memory: of a million, two are alike in one study of ten million.
    """
    named: dict[int, list[frozenset[Hashable]]] = defaultdict(list)
    for (task, _), phrases in sorted(tried.items()):
        vocabulary = vocabularies.get(task)
        said = (concept(each) for each in phrases if is_idea(each, vocabulary))
        named[task].append(frozenset(hash(each) for each in said if each is not None))
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
        counted = Counted.BETTER if is_told(rows.vocabularies.get(task.position)) else Counted.ALL
        yield TaskNovelty(task.position, novelty(named.get(task.position, [])), rows.new_concept_chance, counted)
