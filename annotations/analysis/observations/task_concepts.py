"""The concepts of one task: annotations that say the same, who named them, and which of them names the concept."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import Tried
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
    gain_interval: tuple[float, float] | None = None
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
