"""Which phrases of a task say the same: those with the same words, and those that select nearly the same images.

The rule is `modeling.arrays.concepts.concept_merging.merge`, over the phrases that the study's people and experts
submitted for the same class.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.packed_phrases import NOTHING, Packed
from annotations.analysis.observations.person_tasks import Tried
from annotations.analysis.observations.study_rows import PhraseRows
from annotations.readings.phrases import score_arrays as reading
from annotations.readings.releases.moderated_words import HIDDEN
from modeling.arrays.concepts.concept_merging import merge
from modeling.arrays.phrases.phrase_reading import read
from modeling.arrays.phrases.word_forms import lemmas

MAX_MERGED = 1_000  # annotations of a task that are compared by what they select; the others join by their words


@dataclass
class ConceptAnnotation:
    """One annotation of a task, with everybody who said it. key: as `person_tasks.annotation_key`.

    score: the id of one of its scores, which are all alike; order: of arrival, among the annotations of the task;
    first: the earliest of its phrases whose words may be shown, where there is one; accuracy: of its run on test, where
    it is done; words: as `words_of`.
    """

    key: bytes
    score: int
    order: int
    first: Tried
    accuracy: float | None = None
    words: str = ""
    people: set[str] = field(default_factory=set)
    experts: set[str] = field(default_factory=set)

    @property
    def value(self) -> float:
        """The error score."""
        return self.first.error_score or 0.0


@dataclass(frozen=True)
class Concepts:
    """The rule for one study: called with a phrase, it returns what is equal for phrases that say the same.

    said: of each task its annotations that were compared by what they select, with the number of their concept; by_key,
    by_words: these numbers by task and annotation, and by task and words. Every other phrase joins by its words.
    """

    by_key: Mapping[tuple[int, bytes], int]
    by_words: Mapping[tuple[int, str], int]
    said: Mapping[int, Sequence[tuple[ConceptAnnotation, int]]]

    def __call__(self, tried: Tried) -> Hashable:
        number = self.by_key.get((tried.task, tried.key))
        if number is None:
            words = words_of(tried.meant or tried.text)
            return tried.task, self.by_words.get((tried.task, words), words)
        return tried.task, number


def by_words(tried: Tried) -> Hashable:
    """Take phrases for one concept that have the same words, whatever they select."""
    return tried.task, words_of(tried.text)


@lru_cache(maxsize=4_000)
def words_of(text: str) -> str:
    """Return what a phrase says, told apart from how: case, articles, plural, hyphens, the frame of a sentence.

    >>> words_of("they have Dark Squares"), words_of("a dark-square"), words_of("no dark squares")
    ('dark square', 'dark square', 'not dark square')
    """
    subject, sign = read(text)
    plain = " ".join(lemmas(subject)) or subject.casefold()
    return plain if sign > 0 else f"not {plain}"


def concepts_of(rows: PhraseRows) -> Concepts:
    """Return the rule for a study, or for some of its tasks: each is by itself."""
    tried, experts = rows.tried.by_task(), rows.experts.by_task()
    said: dict[int, Sequence[tuple[ConceptAnnotation, int]]] = {}
    for task in rows.tasks:
        compared = _said(tried.get(task.position, NOTHING), experts.get(task.position, NOTHING))
        numbers = _merged(tuple(each.score for each in compared), tuple(each.words for each in compared))
        said[task.position] = list(zip(compared, numbers, strict=True))
    numbered = [(task, each, number) for task, of_task in said.items() for each, number in of_task]
    by_key = {(task, each.key): number for task, each, number in numbered}
    by_words = {(task, each.words): number for task, each, number in numbered}
    return Concepts(by_key, by_words, said)


def _said(tried: Packed, experts: Packed) -> list[ConceptAnnotation]:
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
        if said.first.text == HIDDEN:
            said.first = each
        if said.accuracy is None:
            said.accuracy = each.worst_group_accuracy
        texts[each.key].add(each.meant or each.text)
        (said.experts if is_expert else said.people).add(each.participant)
    for key, said in found.items():
        said.words = min(map(words_of, texts[key]))
    return sorted(found.values(), key=lambda said: said.key)


def _people(annotation: NDArray[np.int64], tried: Packed, n: int) -> NDArray[np.int64]:
    """How many people said each of n annotations. annotation: of each phrase."""
    pairs = np.unique(np.stack([annotation, tried.column("person")]), axis=1)
    return np.bincount(pairs[0], minlength=n)


@lru_cache(maxsize=16)
def _merged(scores: tuple[int, ...], words: tuple[str, ...]) -> tuple[int, ...]:
    """The concept of each score, kept, since a score never changes."""
    return tuple(merge(reading.hard_slices(scores), words).tolist())
