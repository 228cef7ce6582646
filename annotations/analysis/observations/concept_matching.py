"""Which phrases of a task say the same: those with the same words, and those that select nearly the same images.

The rule is `clarify_errors.arrays.concepts.concept_merging.merge`, over the phrases that the study's people and experts
submitted for the same class. Phrases that select nearly all images are no concept, and neither are phrases of which
none is better than guessing. Where that cannot be told, every phrase counts.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.packed_phrases import NOTHING, Packed
from annotations.analysis.observations.person_tasks import Tried, Vocabulary, is_idea
from annotations.analysis.observations.study_rows import StudyRows
from annotations.analysis.observations.task_concepts import (
    ConceptAnnotation,
    Merged,
    TaskConcepts,
    task_concepts,
    words_of,
)

MAX_MERGED = 1_000  # annotations of a task that are compared by what they select; the others join by their words


@dataclass(frozen=True)
class Concepts:
    """The rule for one study: called with a phrase, it returns what is equal for phrases that say the same.

    None for phrases that select nearly all images. Every phrase that was not compared joins by its words.
    """

    by_task: Mapping[int, TaskConcepts]

    def __call__(self, tried: Tried) -> Hashable:
        group = self.by_task[tried.task].group_of(tried)
        return None if group is None else (tried.task, group)

    def numbers(self, rows: StudyRows) -> dict[int, int]:
        """Return the number of each phrase's concept in concepts.csv, by the phrase's id; only where it has one."""
        known: dict[int, int] = {}
        for each in (*rows.tried, *rows.experts):
            of_task = self.by_task[each.task]
            number = of_task.numbers.get(of_task.group_of(each))
            if number is not None:
                known[each.phrase] = number
        return known


def concepts_of(rows: StudyRows, merged: Callable[[int, tuple[int, ...], tuple[str, ...]], Merged]) -> Concepts:
    """Return the rule for a study, or for some of its tasks: each is by itself.

    merged: the concepts of a task's annotations, by the ids of their scores and by their words.
    """
    tried, experts, found = rows.tried.by_task(), rows.experts.by_task(), {}
    for task in (each.position for each in rows.tasks):
        said = _said(tried.get(task, NOTHING), experts.get(task, NOTHING), rows.vocabularies.get(task))
        groups = merged(task, tuple(each.score for each in said), tuple(each.words for each in said))
        found[task] = task_concepts(said, groups)
    return Concepts(found)


def _said(tried: Packed, experts: Packed, vocabulary: Vocabulary | None) -> list[ConceptAnnotation]:
    """The annotations of a task that are compared, by their keys: those that most people said, whoever came first."""
    tried, experts = tried.scored(), experts.scored()
    keys = np.concatenate([tried.column("key"), experts.column("key")])
    known, order, annotation = np.unique(keys, return_index=True, return_inverse=True)
    people = _people(annotation[: len(tried)], tried, len(known))
    people += _people(annotation[len(tried) :], experts, len(known))
    chosen = np.isin(annotation, np.argsort(-people, kind="stable")[:MAX_MERGED])
    found: dict[bytes, ConceptAnnotation] = {}
    texts: dict[bytes, set[str]] = defaultdict(set)
    for place in np.flatnonzero(chosen).tolist():
        is_expert = place >= len(tried)
        each = experts[place - len(tried)] if is_expert else tried[place]
        said = found.setdefault(each.key, ConceptAnnotation(each.key, each.score, int(order[annotation[place]]), each))
        if said.first.meant:
            said.first = each
        if said.accuracy is None:
            said.accuracy, said.gain_interval = each.worst_group_accuracy, each.gain_interval
        said.is_better |= is_idea(each, vocabulary)
        texts[each.key].add(each.meant or each.text)
        (said.experts if is_expert else said.people).add(each.participant)
    for key, said in found.items():
        said.words = min(map(words_of, texts[key]))
    return sorted(found.values(), key=lambda said: said.key)


def _people(annotation: NDArray[np.int64], tried: Packed, n: int) -> NDArray[np.int64]:
    """How many people said each of n annotations. annotation: of each phrase."""
    pairs = np.unique(np.stack([annotation, tried.column("person")]), axis=1)
    return np.bincount(pairs[0], minlength=n)
