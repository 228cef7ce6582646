"""The concepts of a study as tables: who named them, what they cover, what the best explain together, and a map."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.concepts.concept_columns import (
    CONCEPTS,
    MAP,
    TOGETHER,
    UNNAMED,
    ConceptRow,
    ConceptTables,
    Place,
    TogetherRow,
    UnnamedRow,
)
from annotations.analysis.concepts.joint_coverage import Explained, explained
from annotations.analysis.concepts.unnamed_errors import unnamed_rows
from annotations.analysis.observations.concept_matching import (
    Concept,
    ConceptAnnotation,
    Concepts,
    TaskConcepts,
    concepts_of,
)
from annotations.analysis.observations.study_rows import PhraseRows, TaskFacts, read_phrases
from annotations.analysis.statistics.estimate_types import LEVEL
from annotations.analysis.statistics.estimates import split_interval
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import Study, Task
from annotations.readings.datasets.class_images import class_images
from annotations.readings.phrases import score_arrays as reading
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.concepts.phrase_map import phrase_map
from modeling.arrays.retraining.control import own_gain

MAX_ON_MAP = 400  # annotations of a task, those that most people said
MAX_TEXTS = 50  # of a concept
Covered = Sequence[tuple[float | None, float | None]]


def concept_tables(study: Study, positions: Collection[int] | None = None) -> ConceptTables:
    """Analyse the concepts of a study as it is now: of the tasks at some positions, or of all."""
    rows = read_phrases(study, positions)
    return concept_tables_of(study, rows, concepts_of(rows))


def concept_tables_of(study: Study, rows: PhraseRows, found: Concepts) -> ConceptTables:
    """Make the tables of what was said. found: what `concepts_of` found in it."""
    shown = study.tasks.filter(position__in=[task.position for task in rows.tasks]).with_base_models()
    tasks = {task.position: task for task in shown}
    made = [_of_task(facts, tasks[facts.position], found.by_task[facts.position]) for facts in rows.tasks]
    return ConceptTables(
        slug=study.slug,
        tasks=rows.tasks,
        concepts=FilledTable(CONCEPTS, tuple(row for each in made for row in each.concepts)),
        together=FilledTable(TOGETHER, tuple(row for each in made for row in each.together)),
        map=FilledTable(MAP, tuple(row for each in made for row in each.places)),
        unnamed=FilledTable(UNNAMED, tuple(row for each in made for row in each.unnamed)),
        missing=tuple(dict.fromkeys(each.missing for each in made if each.missing)),
        numbers=found.numbers(rows),
    )


@dataclass(frozen=True)
class _OfTask:
    concepts: Sequence[ConceptRow] = ()
    together: Sequence[TogetherRow] = ()
    places: Sequence[Place] = ()
    unnamed: Sequence[UnnamedRow] = ()
    missing: str = ""


def _of_task(facts: TaskFacts, task: Task, said: TaskConcepts) -> _OfTask:
    if not said.said or task.target_class is None:
        return _OfTask()
    places = _places(facts, said.said)
    named = [(concept, concept.lead) for concept in said.concepts if concept.lead is not None]
    try:
        is_error = class_images(task.base_model, task.target_class).is_error
        inside = reading.hard_slices([lead.score for _, lead in named])
        rows = _rows(facts, named, _coverage(inside, is_error))
        return _OfTask(rows, list(_together(facts, task, said)), places, list(unnamed_rows(facts, task, inside)))
    except ModelingError as error:
        none = [(None, None)] * len(named)
        return _OfTask(_rows(facts, named, none), places=places, missing=f"{facts.title}: {error}.")


def _coverage(inside: NDArray[np.bool_], is_error: NDArray[np.bool_]) -> Covered:
    """The share of the class's wrong, and right, images in each of K slices, bool[K, n]."""
    if not len(inside):
        return []
    of_errors, of_correct = inside[:, is_error].mean(axis=1), inside[:, ~is_error].mean(axis=1)
    return list(zip(of_errors.tolist(), of_correct.tolist(), strict=True))


def _rows(
    facts: TaskFacts,
    named: Sequence[tuple[Concept, ConceptAnnotation]],
    covered: Covered,
) -> list[ConceptRow]:
    rows = []
    for number, ((concept, lead), (of_errors, of_correct)) in enumerate(zip(named, covered, strict=True), start=1):
        texts = sorted({each.first.text for each in concept.said}, key=lambda text: (text.casefold(), text))
        rows.append(
            ConceptRow(
                task=facts.position,
                class_name=facts.class_name,
                number=number,
                name=lead.first.text,
                phrases=len(concept.said),
                people=len(concept.people),
                experts=len(concept.experts),
                error_score=lead.value,
                of_errors=of_errors,
                of_correct=of_correct,
                worst_group_accuracy=lead.accuracy,
                own_gain=_less(lead.accuracy, facts.control_worst_group),
                gain=_less(lead.accuracy, facts.base_worst_group),
                texts=tuple(texts[:MAX_TEXTS]),
            )
        )
    return rows


def _less(accuracy: float | None, other: float | None) -> float | None:
    return None if accuracy is None or other is None else own_gain(accuracy, other)


def explained_together(task: Task, said: TaskConcepts) -> Explained | None:
    """Return what a task's best concepts explain together, None without any.

    Raises BadDataset, and NothingToSeparate where a half of the images lacks right or wrong ones.
    """
    scored = [(each.score, number) for each, number in said.said if number and each.value > 0]
    if not scored:
        return None
    scores, numbers = zip(*scored, strict=True)
    return explained(task.base_model_id, task.target_class or 0, scores, numbers)


def _together(facts: TaskFacts, task: Task, said: TaskConcepts) -> Iterator[TogetherRow]:
    """Raises BadDataset, and NothingToSeparate where a half of the images lacks right or wrong ones."""
    found = explained_together(task, said)
    if found is None:
        return
    for i, number in enumerate(found.chosen):
        shuffled, random, splits = found.shuffled[:, i], found.random[:, i], found.splits[:, i]
        low, high = split_interval(splits)
        lead = said.concepts[number - 1].lead
        assert lead is not None, "every concept has one"
        yield TogetherRow(
            task=facts.position,
            class_name=facts.class_name,
            concepts=i + 1,
            number=number,
            name=lead.first.text,
            learned=found.learned[i],
            held_out=found.held_out[i],
            shuffled=float(shuffled.mean()),
            shuffled_level=float(np.quantile(shuffled, LEVEL)),
            random=float(random.mean()),
            random_level=float(np.quantile(random, LEVEL)),
            splits=len(splits),
            over_splits=float(splits.mean()),
            low=max(0.0, low),
            high=min(1.0, high),
        )


def _places(facts: TaskFacts, said: Sequence[tuple[ConceptAnnotation, int]]) -> list[Place]:
    shown = sorted(said, key=lambda pair: (-len(pair[0].people) - len(pair[0].experts), pair[0].key))[:MAX_ON_MAP]
    places = phrase_map(reading.embeddings_of([each.score for each, _ in shown]))
    rows = [
        Place(
            task=facts.position,
            number=number,
            text=each.first.text,
            x=x,
            y=y,
            people=len(each.people),
            experts=len(each.experts),
            error_score=each.value,
        )
        for (each, number), (x, y) in zip(shown, places.tolist(), strict=True)
    ]
    return sorted(rows, key=lambda row: (not row.number, row.number, row.text.casefold(), row.text, row.x))
