"""The rows of the concept tables, from what was said and what is computed of it: a study's, and a release's anew."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.concepts.concept_columns import ConceptRow, Place, TogetherRow
from annotations.analysis.observations.task_concepts import Concept, ConceptAnnotation, TaskConcepts
from annotations.analysis.statistics.estimate_types import LEVEL
from annotations.analysis.statistics.estimates import split_interval
from modeling.arrays.concepts.explained_errors import Explained
from modeling.arrays.concepts.phrase_map import phrase_map
from modeling.arrays.retraining.control import own_gain

MAX_ON_MAP = 400  # annotations of a task, those that most people said
MAX_TEXTS = 50  # of a concept
Named = Sequence[tuple[Concept, ConceptAnnotation]]
Covered = Sequence[tuple[float | None, float | None]]


def named(said: TaskConcepts) -> Named:
    """Return the concepts of a task, each with the annotation that names it."""
    return [(concept, concept.lead) for concept in said.concepts if concept.lead is not None]


def coverage(inside: NDArray[np.bool_], is_error: NDArray[np.bool_]) -> Covered:
    """The share of the class's wrong, and right, images in each of K slices, bool[K, n]."""
    if not len(inside):
        return []
    of_errors, of_correct = inside[:, is_error].mean(axis=1), inside[:, ~is_error].mean(axis=1)
    return list(zip(of_errors.tolist(), of_correct.tolist(), strict=True))


def concept_rows(
    task: int, class_name: str, concepts: Named, covered: Covered, *, control: float | None, base: float | None
) -> list[ConceptRow]:
    """Return a row for each concept. control, base: the worst group's accuracy without phrases, and before."""
    rows = []
    for number, ((concept, lead), (of_errors, of_correct)) in enumerate(zip(concepts, covered, strict=True), start=1):
        texts = sorted({each.first.text for each in concept.said}, key=lambda text: (text.casefold(), text))
        rows.append(
            ConceptRow(
                task=task,
                class_name=class_name,
                number=number,
                name=lead.first.text,
                phrases=len(concept.said),
                people=len(concept.people),
                experts=len(concept.experts),
                error_score=lead.value,
                of_errors=of_errors,
                of_correct=of_correct,
                worst_group_accuracy=lead.accuracy,
                own_gain=_less(lead.accuracy, control),
                gain=_less(lead.accuracy, base),
                texts=tuple(texts[:MAX_TEXTS]),
            )
        )
    return rows


def _less(accuracy: float | None, other: float | None) -> float | None:
    return None if accuracy is None or other is None else own_gain(accuracy, other)


def together_rows(
    task: int, class_name: str, concepts: Named, found: Explained, random: Sequence[NDArray[np.float64]]
) -> Iterator[TogetherRow]:
    """Yield a row for each concept that a union takes in. random: held-out scores of directions, of each union."""
    for i, number in enumerate(found.chosen):
        shuffled, splits = found.shuffled[:, i], found.splits[:, i]
        low, high = split_interval(splits)
        yield TogetherRow(
            task=task,
            class_name=class_name,
            concepts=i + 1,
            number=number,
            name=concepts[number - 1][1].first.text,
            learned=found.learned[i],
            held_out=found.held_out[i],
            shuffled=float(shuffled.mean()),
            shuffled_level=float(np.quantile(shuffled, LEVEL)),
            random=float(random[i].mean()),
            random_level=float(np.quantile(random[i], LEVEL)),
            splits=len(splits),
            over_splits=float(splits.mean()),
            low=max(0.0, low),
            high=min(1.0, high),
        )


def places(
    task: int,
    said: Sequence[tuple[ConceptAnnotation, int]],
    embeddings_of: Callable[[Sequence[int]], NDArray[np.floating]],
) -> list[Place]:
    """Return the map of what most people said. embeddings_of: of annotations, by their scores."""
    shown = sorted(said, key=lambda pair: (-len(pair[0].people) - len(pair[0].experts), pair[0].key))[:MAX_ON_MAP]
    rows = [
        Place(
            task=task,
            number=number,
            text=each.first.text,
            x=x,
            y=y,
            people=len(each.people),
            experts=len(each.experts),
            error_score=each.value,
        )
        for (each, number), (x, y) in zip(
            shown, phrase_map(embeddings_of([each.score for each, _ in shown])).tolist(), strict=True
        )
    ]
    return sorted(rows, key=lambda row: (not row.number, row.number, row.text.casefold(), row.text, row.x))
