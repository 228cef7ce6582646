"""Which phrases of a task say the same: those with the same words, and those that select nearly the same images.

The rule is `modeling.concepts.merge`, over what the study's people said and what experts said of the same class.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from annotations.analysis.people import Tried
from annotations.analysis.rows import HIDDEN, StudyRows
from annotations.models import Study
from annotations.readings import concepts as reading
from annotations.readings.concepts import Selection
from modeling.concepts import merge
from modeling.phrase_reading import read
from modeling.words import lemmas

MOST_MERGED = 1_000  # annotations of a task that are compared by what they select; the others join by their words


@dataclass
class Said:
    """One annotation of a task, with everybody who said it. key: its embedding's digest and its sign.

    score: the id of one of its scores, which are all alike; order: of arrival, among the annotations of the task;
    first: the earliest of its phrases whose words may be shown, where there is one; accuracy: of its run on test, where
    it is done; words: as `words_of`.
    """

    key: tuple[str, int]
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

    said: of each task its annotations that were compared by what they select, with the number of their concept.
    """

    by_phrase: Mapping[int, Hashable]
    by_words: Mapping[tuple[int, str], Hashable]
    said: Mapping[int, Sequence[tuple[Said, int]]]

    def __call__(self, tried: Tried) -> Hashable:
        known = self.by_phrase.get(tried.phrase)
        if known is not None:
            return known
        words = words_of(tried.text)
        return self.by_words.get((tried.task, words), (tried.task, words))


def by_words(tried: Tried) -> Hashable:
    """Take phrases for one concept that have the same words, whatever they select."""
    return tried.task, words_of(tried.text)


@lru_cache(maxsize=50_000)
def words_of(text: str) -> str:
    """Return what a phrase says, told apart from how: case, articles, plural, hyphens, the frame of a sentence.

    >>> words_of("they have Dark Squares"), words_of("a dark-square"), words_of("no dark squares")
    ('dark square', 'dark square', 'not dark square')
    """
    subject, sign = read(text)
    plain = " ".join(lemmas(subject)) or subject.casefold()
    return plain if sign > 0 else f"not {plain}"


def concepts_of(study: Study, rows: StudyRows) -> Concepts:
    """Return the rule for a study, from rows that `read_rows` gave."""
    selections = reading.selections(study)
    by_phrase: dict[int, Hashable] = {}
    of_words: dict[tuple[int, str], Hashable] = {}
    said: dict[int, Sequence[tuple[Said, int]]] = {}
    for task in rows.tasks:
        position = task.position
        everything = _said(position, rows.tried, rows.experts, selections)
        compared = everything[:MOST_MERGED]
        compared.sort(key=lambda each: each.key)
        numbers = _merged(tuple(each.score for each in compared), tuple(each.words for each in compared))
        said[position] = list(zip(compared, numbers, strict=True))
        by_key = {each.key: (position, number) for each, number in said[position]}
        of_words |= {(position, each.words): by_key[each.key] for each in compared}
        for tried in (*rows.tried, *rows.experts):
            selection = selections.get(tried.phrase)
            if tried.task != position or selection is None:
                continue
            number = by_key.get(selection.key)
            words = (position, words_of(selection.text))
            by_phrase[tried.phrase] = of_words.get(words, words) if number is None else number
    return Concepts(by_phrase, of_words, said)


def _said(
    task: int, tried: Iterable[Tried], experts: Iterable[Tried], selections: Mapping[int, Selection]
) -> list[Said]:
    """The annotations of a task, those first that most people said, then by their keys: whoever came first."""
    found: dict[tuple[str, int], Said] = {}
    texts: dict[tuple[str, int], set[str]] = defaultdict(set)
    for is_expert, phrases in ((False, tried), (True, experts)):
        for each in phrases:
            selection = selections.get(each.phrase)
            if each.task != task or selection is None:
                continue
            said = found.setdefault(selection.key, Said(selection.key, selection.score, len(found), each))
            if said.first.text == HIDDEN:
                said.first = each
            if said.accuracy is None:
                said.accuracy = each.worst_group_accuracy
            texts[selection.key].add(selection.text)
            (said.experts if is_expert else said.people).add(each.participant)
    for key, said in found.items():
        said.words = min(map(words_of, texts[key]))
    return sorted(found.values(), key=lambda each: (-len(each.people) - len(each.experts), each.key))


@lru_cache(maxsize=16)
def _merged(scores: tuple[int, ...], words: tuple[str, ...]) -> tuple[int, ...]:
    """The concept of each score, kept, since a score never changes."""
    return tuple(merge(reading.hard_slices(scores), words).tolist())
