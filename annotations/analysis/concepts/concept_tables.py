"""The concepts of a study as tables: who named them, what they cover, what the best explain together, and a map."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from annotations.analysis.concepts.concept_columns import (
    CONCEPTS,
    MAP,
    TOGETHER,
    ConceptRow,
    ConceptTables,
    Place,
    TogetherRow,
)
from annotations.analysis.concepts.joint_coverage import explained
from annotations.analysis.observations.concept_matching import ConceptAnnotation, concepts_of
from annotations.analysis.observations.study_rows import PhraseRows, TaskFacts, read_phrases
from annotations.analysis.statistics.estimate_types import LEVEL
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import Study, Task
from annotations.readings.datasets.class_images import class_images
from annotations.readings.phrases import score_arrays as reading
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.concepts.phrase_map import phrase_map

MAX_ON_MAP = 400  # annotations of a task, those that most people said
MAX_TEXTS = 50  # of a concept


def concept_tables(study: Study, positions: Collection[int] | None = None) -> ConceptTables:
    """Analyse the concepts of a study as it is now: of the tasks at some positions, or of all."""
    rows = read_phrases(study, positions)
    return concept_tables_of(study, rows, concepts_of(rows).said)


def concept_tables_of(
    study: Study, rows: PhraseRows, said: Mapping[int, Sequence[tuple[ConceptAnnotation, int]]]
) -> ConceptTables:
    """Make the tables of what was said. said: what `concepts_of` found in it."""
    shown = study.tasks.filter(position__in=[task.position for task in rows.tasks]).with_base_models()
    tasks = {task.position: task for task in shown}
    found = [_of_task(facts, tasks[facts.position], said[facts.position]) for facts in rows.tasks]
    return ConceptTables(
        slug=study.slug,
        tasks=rows.tasks,
        concepts=FilledTable(CONCEPTS, tuple(row for each in found for row in each.concepts)),
        together=FilledTable(TOGETHER, tuple(row for each in found for row in each.together)),
        map=FilledTable(MAP, tuple(row for each in found for row in each.places)),
        missing=tuple(dict.fromkeys(each.missing for each in found if each.missing)),
    )


@dataclass(frozen=True)
class _OfTask:
    concepts: Sequence[ConceptRow] = ()
    together: Sequence[TogetherRow] = ()
    places: Sequence[Place] = ()
    missing: str = ""


@dataclass(frozen=True)
class _Concept:
    """What says one thing. best: the phrase with the highest error score, the earliest of tied ones."""

    said: Sequence[ConceptAnnotation]

    @property
    def best(self) -> ConceptAnnotation:
        return min(self.said, key=lambda each: (-each.value, each.order))

    @property
    def people(self) -> set[str]:
        return {person for each in self.said for person in each.people}

    @property
    def experts(self) -> set[str]:
        return {person for each in self.said for person in each.experts}


def _of_task(facts: TaskFacts, task: Task, said: Sequence[tuple[ConceptAnnotation, int]]) -> _OfTask:
    if not said or task.target_class is None:
        return _OfTask()
    by_number: dict[int, list[ConceptAnnotation]] = defaultdict(list)
    for each, number in said:
        by_number[number].append(each)
    groups = {number: _Concept(members) for number, members in by_number.items()}
    order = sorted(groups, key=lambda number: _rank(groups[number]))
    numbers = {number: place for place, number in enumerate(order, start=1)}
    numbered = [(each, numbers[number]) for each, number in said]
    concepts = [groups[number] for number in order]
    places = _places(facts, numbered)
    try:
        covered = _coverage(task, concepts)
        return _OfTask(_rows(facts, concepts, covered), list(_together(facts, task, numbered, concepts)), places)
    except ModelingError as error:
        return _OfTask(_rows(facts, concepts, {}), (), places, f"{facts.title}: {error}.")


def _rank(concept: _Concept) -> tuple[float, float, int]:
    best = concept.best
    return -len(concept.people), -best.value, best.order


def _coverage(task: Task, concepts: Sequence[_Concept]) -> dict[int, tuple[float, float]]:
    """Of each concept the share of the class's wrong, and right, images in its best phrase's slice. By score id."""
    assert task.target_class is not None, "the caller has looked"
    is_error = class_images(task.base_model, task.target_class).is_error
    scores = [concept.best.score for concept in concepts]
    slices = reading.hard_slices(scores)
    of_errors, of_correct = slices[:, is_error].mean(axis=1), slices[:, ~is_error].mean(axis=1)
    return dict(zip(scores, zip(of_errors.tolist(), of_correct.tolist(), strict=True), strict=True))


def _rows(
    facts: TaskFacts, concepts: Sequence[_Concept], covered: Mapping[int, tuple[float, float]]
) -> list[ConceptRow]:
    rows = []
    for number, concept in enumerate(concepts, start=1):
        best = concept.best
        of_errors, of_correct = covered.get(best.score, (None, None))
        texts = sorted({each.first.text for each in concept.said}, key=lambda text: (text.casefold(), text))
        rows.append(
            ConceptRow(
                task=facts.position,
                class_name=facts.class_name,
                number=number,
                name=best.first.text,
                phrases=len(concept.said),
                people=len(concept.people),
                experts=len(concept.experts),
                error_score=best.value,
                of_errors=of_errors,
                of_correct=of_correct,
                worst_group_accuracy=best.accuracy,
                gain=None if best.accuracy is None else best.accuracy - facts.base_worst_group,
                texts=tuple(texts[:MAX_TEXTS]),
            )
        )
    return rows


def _together(
    facts: TaskFacts, task: Task, said: Sequence[tuple[ConceptAnnotation, int]], concepts: Sequence[_Concept]
) -> Iterator[TogetherRow]:
    """Raises BadDataset, and NothingToSeparate where a half of the images lacks right or wrong ones."""
    scored = [(each, number) for each, number in said if each.value > 0]
    if not scored:
        return
    scores, numbers = zip(*((each.score, number) for each, number in scored), strict=True)
    found = explained(task.base_model_id, task.target_class or 0, scores, numbers)
    for i, number in enumerate(found.chosen):
        shuffled, random = found.shuffled[:, i], found.random[:, i]
        yield TogetherRow(
            task=facts.position,
            class_name=facts.class_name,
            concepts=i + 1,
            number=number,
            name=concepts[number - 1].best.first.text,
            learned=found.learned[i],
            held_out=found.held_out[i],
            shuffled=float(shuffled.mean()),
            shuffled_level=float(np.quantile(shuffled, LEVEL)),
            random=float(random.mean()),
            random_level=float(np.quantile(random, LEVEL)),
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
    return sorted(rows, key=lambda row: (row.number, row.text.casefold(), row.text, row.x))
