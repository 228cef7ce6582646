"""The concepts of one task: annotations that say the same, who named them, and which of them names the concept.

The same are those with the same words, and those that select nearly the same images. The rule is
`clarify_errors.arrays.concepts.concept_merging.merge`, over the phrases that the study's people and experts submitted
for the same class. Phrases that select nearly all images are no concept, and neither are phrases of which none is
better than guessing. Where that cannot be told, every phrase counts.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.packed_phrases import NOTHING, Packed
from annotations.analysis.observations.person_tasks import Tried, Vocabulary, is_idea
from annotations.analysis.observations.study_rows import StudyRows
from annotations.analysis.statistics.estimate_types import Interval
from clarify_errors.arrays.concepts.concept_merging import centrality, merge, selects_nearly_all
from clarify_errors.arrays.phrases.phrase_reading import read
from clarify_errors.arrays.phrases.word_forms import lemmas

Merged = tuple[tuple[int | None, float], ...]  # of each annotation its group, and how central it is there


@dataclass
class ConceptAnnotation:
    """One annotation of a task, with everybody who said it. key: as `person_tasks.annotation_key`.

    score: the id of one of its scores, which are all alike; order: of arrival, among the annotations of the task;
    first: the earliest of its phrases whose words may be shown, where there is one; accuracy, gain_interval: of its run
    on test, where it is done; words: as `words_of`; is_better: whether anybody's phrase of it is better than guessing,
    or that cannot be told; centrality: mean agreement with the annotations of its concept.
    """

    key: bytes
    score: int
    order: int
    first: Tried
    accuracy: float | None = None
    gain_interval: Interval | None = None
    words: str = ""
    is_better: bool = False
    centrality: float = 1.0
    people: set[str] = field(default_factory=set)
    experts: set[str] = field(default_factory=set)

    @property
    def value(self) -> float:
        """The error score."""
        return self.first.error_score or 0.0


@dataclass(frozen=True)
class Concept:
    """What says one thing: annotations that are compared by what they select."""

    said: Sequence[ConceptAnnotation]

    @property
    def lead(self) -> ConceptAnnotation | None:
        """The most central of those that are better than guessing, which names the concept; None: it is none.

        Of equally central ones that with the highest error score, then the earliest.
        """
        better = (each for each in self.said if each.is_better)
        return min(better, key=lambda each: (-each.centrality, -each.value, each.order), default=None)

    @property
    def people(self) -> set[str]:
        return {person for each in self.said for person in each.people}

    @property
    def experts(self) -> set[str]:
        return {person for each in self.said for person in each.experts}


@dataclass(frozen=True)
class TaskConcepts:
    """What was said of a task. concepts: that which most people named comes first; its number is its place, from 1.

    said: the annotations that were compared, each with the number of its concept, 0 for none. by_key, by_words: the
    group of an annotation, and of words; None where these select nearly all images. numbers: of the groups that are
    concepts.
    """

    concepts: Sequence[Concept]
    said: Sequence[tuple[ConceptAnnotation, int]]
    by_key: Mapping[bytes, int | None]
    by_words: Mapping[str, int | None]
    numbers: Mapping[Hashable, int]

    @property
    def named(self) -> list[tuple[Concept, ConceptAnnotation]]:
        """Return the concepts, each with the annotation that names it."""
        return [(concept, concept.lead) for concept in self.concepts if concept.lead is not None]

    def group_of(self, tried: Tried) -> int | str | None:
        """Return what is equal for phrases that say the same; None where they select nearly all images."""
        if tried.key in self.by_key:
            return self.by_key[tried.key]
        words = words_of(tried.meant or tried.text)
        return self.by_words.get(words, words)


@lru_cache(maxsize=4_000)
def words_of(text: str) -> str:
    """Return what a phrase says, told apart from how: case, articles, plural, hyphens, the frame of a sentence.

    >>> words_of("they have Dark Squares"), words_of("a dark-square"), words_of("no dark squares")
    ('dark square', 'dark square', 'not dark square')
    """
    subject, sign = read(text)
    plain = " ".join(lemmas(subject)) or subject.casefold()
    return plain if sign > 0 else f"not {plain}"


def task_concepts(compared: Sequence[ConceptAnnotation], merged: Merged) -> TaskConcepts:
    """Return the concepts of a task's annotations. merged: the group of each, from `merged`."""
    members: dict[int, list[ConceptAnnotation]] = defaultdict(list)
    for each, (group, central) in zip(compared, merged, strict=True):
        each.centrality = central
        if group is not None:
            members[group].append(each)
    concepts = {group: Concept(said) for group, said in members.items()}
    order = sorted((group for group in concepts if concepts[group].lead), key=lambda group: _rank(concepts[group]))
    numbers: dict[Hashable, int] = {group: number for number, group in enumerate(order, start=1)}
    grouped = [(each, group) for each, (group, _) in zip(compared, merged, strict=True)]
    by_words = {each.words: group for each, group in sorted(grouped, key=lambda pair: pair[1] is not None)}
    return TaskConcepts(
        concepts=[concepts[group] for group in order],
        said=[(each, numbers.get(group, 0)) for each, group in grouped],
        by_key={each.key: group for each, group in grouped},
        by_words=by_words,
        numbers=numbers,
    )


def _rank(concept: Concept) -> tuple[int, float, int]:
    lead = concept.lead
    assert lead is not None, "only what has a lead is a concept"
    return -len(concept.people), -lead.value, lead.order


def merged(slices: NDArray[np.bool_], words: Sequence[str]) -> Merged:
    """Return the group of each annotation, bool[K, n] and K words, and how central it is there; None: nearly all."""
    telling = np.flatnonzero(~selects_nearly_all(slices))
    groups = merge(slices[telling], [words[place] for place in telling.tolist()])
    found: list[tuple[int | None, float]] = [(None, 0.0)] * len(words)
    central = centrality(slices[telling], groups)
    for place, group, share in zip(telling.tolist(), groups.tolist(), central.tolist(), strict=True):
        found[place] = (group, share)
    return tuple(found)


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
