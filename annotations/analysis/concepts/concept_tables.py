"""The concepts of a study as tables: who named them, what they cover, what the best explain together, and a map."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from annotations.analysis.concepts.concept_columns import (
    CONCEPTS,
    MAP,
    TOGETHER,
    UNNAMED,
    ConceptRow,
    Place,
    TogetherRow,
    UnnamedRow,
)
from annotations.analysis.concepts.filled_concept_tables import ConceptTables
from annotations.analysis.concepts.joint_coverage import explained
from annotations.analysis.concepts.rows_of_concepts import concept_rows, coverage, named, places, together_rows
from annotations.analysis.concepts.unnamed_errors import unnamed_rows
from annotations.analysis.observations.concept_matching import Concepts, concepts_of
from annotations.analysis.observations.study_rows import PhraseRows, TaskFacts, read_phrases
from annotations.analysis.observations.task_concepts import TaskConcepts
from annotations.analysis.tables.filled_tables import FilledTable
from annotations.models import Study, Task
from annotations.readings.datasets.class_images import class_images
from annotations.readings.phrases import score_arrays as reading
from modeling.arrays.common.modeling_errors import ModelingError
from modeling.arrays.concepts.explained_errors import Explained


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
    on_map = places(facts.position, said.said, reading.embeddings_of)
    concepts = named(said)
    of_task = partial(
        concept_rows,
        facts.position,
        facts.class_name,
        concepts,
        control=facts.control_worst_group,
        base=facts.base_worst_group,
    )
    try:
        is_error = class_images(task.base_model, task.target_class).is_error
        inside = reading.hard_slices([lead.score for _, lead in concepts])
        together, unnamed = _together(facts, task, said), unnamed_rows(facts, task, inside)
        return _OfTask(of_task(coverage(inside, is_error)), list(together), on_map, list(unnamed))
    except ModelingError as error:
        none = [(None, None)] * len(concepts)
        return _OfTask(of_task(none), places=on_map, missing=f"{facts.title}: {error}.")


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
    if found is not None:
        yield from together_rows(facts.position, facts.class_name, named(said), found, list(found.random.T))
