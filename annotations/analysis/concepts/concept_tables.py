"""The concepts of a study as tables: who named them, what they cover, what the best explain together, and a map."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.concepts.concept_columns import (
    FEWEST_CLUSTERED,
    Clusters,
    ConceptRow,
    ConceptTables,
    Place,
    TogetherRow,
    UnnamedRow,
)
from annotations.analysis.observations.study_rows import StudyRows, TaskFacts
from annotations.analysis.observations.task_concepts import Concept, ConceptAnnotation, Concepts, TaskConcepts
from annotations.analysis.statistics.estimate_types import LEVEL, wilson_interval
from annotations.analysis.statistics.estimates import split_interval
from annotations.analysis.tables.filled_tables import definitions, filled
from clarify_errors.arrays.common.modeling_errors import ModelingError
from clarify_errors.arrays.concepts.explained_errors import Explained
from clarify_errors.arrays.concepts.phrase_map import phrase_map
from clarify_errors.arrays.retraining.control import own_gain

MAX_ON_MAP = 400  # annotations of a task, those that most people said
MAX_TEXTS = 50  # of a concept


class ClassImages(Protocol):
    """The m validation images of a task's class that have a prediction, and what is stored of annotations on them.

    Annotations are named by the ids of their scores. What reads images may raise BadDataset.
    """

    @property
    def keys(self) -> NDArray[np.bytes_]: ...
    @property
    def is_error(self) -> NDArray[np.bool_]: ...
    @property
    def dataset(self) -> int: ...

    def slices(self, scores: Sequence[int]) -> NDArray[np.bool_]:
        """Return what each annotation selects, bool[K, m]."""

    def embeddings(self, scores: Sequence[int]) -> NDArray[np.floating]:
        """Return their texts' embeddings, float[K, d]."""

    def explained(self, scores: Sequence[int], numbers: Sequence[int]) -> Explained:
        """Return what the best of concepts explain together. numbers: the concept of each annotation.

        Raises NothingToSeparate where a half of the images lacks right or wrong ones.
        """

    def clusters(self, outside: NDArray[np.bool_]) -> Clusters:
        """Return clusters of the wrong ones of some images, bool[m]."""


@dataclass(frozen=True)
class _OfTask:
    concepts: Sequence[ConceptRow] = ()
    together: Sequence[TogetherRow] = ()
    map: Sequence[Place] = ()
    unnamed: Sequence[UnnamedRow] = ()
    missing: str = ""


def concept_tables_of(rows: StudyRows, found: Concepts, images: Callable[[int], ClassImages]) -> ConceptTables:
    """Make the tables of what was said. found: what `concepts_of` found in it; images: of a task."""
    made = [_of_task(facts, found.by_task[facts.position], images) for facts in rows.tasks]
    every = {name: tuple(row for each in made for row in getattr(each, name)) for name in definitions(ConceptTables)}
    return filled(
        ConceptTables,
        slug=rows.slug,
        tasks=rows.tasks,
        **every,
        missing=tuple(dict.fromkeys(each.missing for each in made if each.missing)),
        numbers=found.numbers(rows),
    )


def _of_task(facts: TaskFacts, said: TaskConcepts, images_of: Callable[[int], ClassImages]) -> _OfTask:
    if not said.said:
        return _OfTask()
    images = images_of(facts.position)
    on_map = _places(facts, said, images)
    try:
        inside, is_error = images.slices([lead.score for _, lead in said.named]), images.is_error
        together, unnamed = list(_together(facts, said, images)), list(_unnamed(facts, images, inside))
        of_errors, of_correct = ([each[of].mean() for each in inside] for of in (is_error, ~is_error))
        return _OfTask(_concepts(facts, said, of_errors, of_correct), together, on_map, unnamed)
    except ModelingError as error:
        none = [None] * len(said.named)
        return _OfTask(_concepts(facts, said, none, none), map=on_map, missing=f"{facts.title}: {error}.")


def _concepts(
    facts: TaskFacts, said: TaskConcepts, of_errors: Sequence[Any], of_correct: Sequence[Any]
) -> list[ConceptRow]:
    """A row for each concept. of_errors, of_correct: the share of the class's wrong, and right, images in its slice."""
    return [
        ConceptRow(
            task=facts.position,
            class_name=facts.class_name,
            number=number,
            name=lead.first.text,
            phrases=len(concept.said),
            people=len(concept.people),
            experts=len(concept.experts),
            error_score=lead.value,
            of_errors=None if wrong is None else float(wrong),
            of_correct=None if right is None else float(right),
            worst_group_accuracy=lead.accuracy,
            own_gain=_less(lead.accuracy, facts.control_worst_group),
            own_gain_interval=lead.gain_interval,
            gain=_less(lead.accuracy, facts.base_worst_group),
            texts=_texts(concept),
        )
        for number, ((concept, lead), wrong, right) in enumerate(
            zip(said.named, of_errors, of_correct, strict=True), start=1
        )
    ]


def _texts(concept: Concept) -> tuple[str, ...]:
    texts = {each.first.text for each in concept.said}
    return tuple(sorted(texts, key=lambda text: (text.casefold(), text))[:MAX_TEXTS])


def _less(accuracy: float | None, other: float | None) -> float | None:
    return None if accuracy is None or other is None else own_gain(accuracy, other)


def explained_together(said: TaskConcepts, images: ClassImages) -> Explained | None:
    """Return what a task's best concepts explain together, None without any.

    Raises BadDataset, and NothingToSeparate where a half of the images lacks right or wrong ones.
    """
    scored = [(each.score, number) for each, number in _candidates(said)]
    return images.explained(*zip(*scored, strict=True)) if scored else None


def _candidates(said: TaskConcepts) -> list[tuple[ConceptAnnotation, int]]:
    """The annotations of which a union is made, each with the number of its concept."""
    return [(each, number) for each, number in said.said if number and each.value > 0]


def _together(facts: TaskFacts, said: TaskConcepts, images: ClassImages) -> Iterator[TogetherRow]:
    """A row for each concept that a union takes in. Raises BadDataset, NothingToSeparate."""
    found, candidates = explained_together(said, images), _candidates(said)
    for i, number in enumerate(found.chosen if found else ()):
        assert found is not None, "something is chosen"
        shuffled, splits, random = found.shuffled[:, i], found.splits[:, i], found.random[:, i]
        low, high = split_interval(splits)
        yield TogetherRow(
            task=facts.position,
            class_name=facts.class_name,
            concepts=i + 1,
            number=number,
            name=said.named[number - 1][1].first.text,
            phrase=candidates[found.annotations[i]][0].first.text,
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


def _places(facts: TaskFacts, said: TaskConcepts, images: ClassImages) -> list[Place]:
    """The map of what most people said."""

    def most_people(pair: tuple[ConceptAnnotation, int]) -> tuple[int, bytes]:
        return -len(pair[0].people) - len(pair[0].experts), pair[0].key

    shown = sorted(said.said, key=most_people)[:MAX_ON_MAP]
    spots = phrase_map(images.embeddings([each.score for each, _ in shown])).tolist()
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
        for (each, number), (x, y) in zip(shown, spots, strict=True)
    ]
    return sorted(rows, key=lambda row: (not row.number, row.number, row.text.casefold(), row.text, row.x))


def _unnamed(facts: TaskFacts, images: ClassImages, inside: NDArray[np.bool_]) -> Iterator[UnnamedRow]:
    """A row for all wrong images outside every slice, bool[K, m], then one for each cluster of them."""
    wrong, outside = images.is_error, np.ones(len(images.is_error), np.bool_)
    for each in inside:
        outside &= ~each
    unnamed, n_wrong = np.flatnonzero(outside & wrong), int(wrong.sum())
    found = images.clusters(outside) if len(unnamed) >= FEWEST_CLUSTERED else None

    def row(number: int, members: NDArray[np.int64], **more: float) -> UnnamedRow:
        low, high = wilson_interval(len(members), n_wrong) or (0.0, 0.0)
        return UnnamedRow(
            task=facts.position,
            class_name=facts.class_name,
            cluster=number,
            n=len(members),
            of_errors=len(members) / n_wrong if n_wrong else 0.0,
            low=low,
            high=high,
            images=tuple(key.decode() for key in images.keys[members]),
            dataset=images.dataset,
            **more,
        )

    tested = {} if wrong.all() else {"of_correct": float(outside[~wrong].mean())}
    if found:
        for name, of in (("silhouette", found.apart), ("likeness", found.alike)):
            tested |= {name: of.value, f"{name}_p": of.p_value}
    yield row(0, unnamed, **tested)
    for number, members in enumerate(found.members if found else (), start=1):
        yield row(number, unnamed[list(members)])
