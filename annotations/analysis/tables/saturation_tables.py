"""What more people bring on a task: what so many reach, and whether enough have been asked."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from annotations.analysis.observations.person_tasks import (
    Key,
    PersonTask,
    Tried,
    Vocabulary,
    ideas_by_chance,
    is_idea,
    is_told,
)
from annotations.analysis.statistics.estimate_types import LEVEL, SEED, Novelty, PeopleNeeded, wilson_interval
from annotations.analysis.statistics.rarefaction import Counts, Curve, missed_by, people_needed, rarefied
from annotations.analysis.tables.measure_columns import Counted, SaturationPoint, TaskNovelty

MAX_PLACES = 60  # of a curve; more people than that are shown at some numbers


def best_of(scores: Sequence[float]) -> Curve:
    """Return the best score of the first k people. scores: each person's own best. Exact: no order is drawn.

    With m people at or below x, k of them all are in C(m, k) of C(n, k) cases.
    """
    n = len(scores)
    if n == 0:
        return Curve(places(0), *[np.empty(0)] * 3)
    shown, ordered = places(n), np.sort(np.asarray(scores, dtype=np.float64))
    below = missed_by(n, np.arange(n)[::-1], shown)  # P(the best is at most the m-th): [n, places]
    mean = ordered @ np.diff(below, axis=0, prepend=0.0)
    low = ordered[(below >= (1 - LEVEL) / 2 - 1e-12).argmax(axis=0)]
    high = ordered[(below >= (1 + LEVEL) / 2 - 1e-12).argmax(axis=0)]
    return Curve(shown, mean, low, high)


def novelty(named: Sequence[frozenset[Hashable]]) -> Novelty:
    """Return the Good-Turing chance that the next person names a new concept, from what each person named, or nothing.

    Each person in turn is taken for the next one: the chance is the share of people who named something that nobody
    else did. Its interval is Wilson's, as if people were independent of each other in this.

    >>> novelty([frozenset("ab"), frozenset("a"), frozenset("a"), frozenset()]).chance
    0.25
    """
    holders = Counter(concept for concepts in named for concept in concepts)
    bring_new = sum(any(holders[concept] == 1 for concept in concepts) for concepts in named)
    interval = wilson_interval(bring_new, len(named))
    return Novelty(
        people=len(named),
        concepts=len(holders),
        named_once=sum(number == 1 for number in holders.values()),
        chance=bring_new / len(named) if named else None,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
    )


def places(n: int) -> Counts:
    """Return numbers of people from 1 to n, at most MAX_PLACES of them."""
    return np.unique(np.linspace(1, n, min(n, MAX_PLACES)).round().astype(np.int64))


FEWEST = 5  # people for an estimate of what others would name; with fewer, resamples barely differ
Concept = Callable[[Tried], Hashable]  # equal for phrases of a task that say the same, None for what is no concept


def over_people(
    tasks: Mapping[int, Vocabulary | None],
    people: Iterable[PersonTask],
    tried: Mapping[Key, Iterable[Tried]],
    concept: Concept,
    enough_below: float,
    seed: int = SEED,
) -> tuple[tuple[SaturationPoint, ...], tuple[TaskNovelty, ...]]:
    """Return the rows of `SATURATION` and of `NOVELTY`.

    tasks: what common words reach on each; tried: the phrases of each person on each task; enough_below: the chance of
    something new below which a study has enough people.
    """
    named = _named(tried, concept, tasks)
    curves = _saturation(tasks, people, named, seed)
    return tuple(curves), tuple(_novelty(tasks, named, _by_chance(tried, tasks), enough_below, seed))


def _named(
    tried: Mapping[Key, Iterable[Tried]], concept: Concept, vocabularies: Mapping[int, Vocabulary | None]
) -> dict[int, list[frozenset[Hashable]]]:
    """By task, the concepts of each person who submitted a phrase, by pseudonym; only better than guessing.

    Whoever named none counts too: curve, chance and people needed are of all who submitted a phrase.

    Their hashes stand for them, in a third of the memory: of a million, two are alike in one study of ten million.
    """
    named: dict[int, list[frozenset[Hashable]]] = defaultdict(list)
    for (task, _), phrases in sorted(tried.items()):
        vocabulary = vocabularies.get(task)
        said = (concept(each) for each in phrases if is_idea(each, vocabulary))
        named[task].append(frozenset(hash(each) for each in said if each is not None))
    return named


def _by_chance(tried: Mapping[Key, Iterable[Tried]], vocabularies: Mapping[int, Vocabulary | None]) -> dict[int, float]:
    """By task on which that can be told, how many phrases would name concepts, were they random common words."""
    chances: dict[int, float] = defaultdict(float)
    for (task, _), phrases in sorted(tried.items()):
        if (vocabulary := vocabularies.get(task)) and is_told(vocabulary):
            chances[task] += ideas_by_chance(phrases, vocabulary)
    return chances


def _holders(named: Iterable[frozenset[Hashable]]) -> Counts:
    """How many people named each concept."""
    return np.array(list(Counter(concept for concepts in named for concept in concepts).values()), np.int64)


def _saturation(
    tasks: Iterable[int], people: Iterable[PersonTask], named: Mapping[int, list[frozenset[Hashable]]], seed: int
) -> Iterator[SaturationPoint]:
    for task in tasks:
        of_task = named.get(task, [])
        scores = [row.best_error_score for row in people if row.task == task]
        for point in best_of([score for score in scores if score is not None]).points():
            yield SaturationPoint(task, "best_score", *point)
        yield from _concepts(task, _holders(of_task), len(of_task), seed)


def _concepts(task: int, holders: Counts, n: int, seed: int) -> Iterator[SaturationPoint]:
    """Of as many people as were asked, and of up to twice as many: beyond, no extrapolation is to be trusted."""
    if n < FEWEST:
        return
    shown = np.append(places(n), n + places(n))
    for people, mean, low, high in rarefied(holders, n, shown, np.random.default_rng(seed)).points():
        yield SaturationPoint(task, "concepts", people, mean, low, high, people > n)


def _novelty(
    tasks: Mapping[int, Vocabulary | None],
    named: Mapping[int, list[frozenset[Hashable]]],
    by_chance: Mapping[int, float],
    below: float,
    seed: int,
) -> Iterator[TaskNovelty]:
    for task, vocabulary in tasks.items():
        of_task = named.get(task, [])
        counted = Counted.BETTER if is_told(vocabulary) else Counted.ALL
        of = novelty(of_task)
        needed: PeopleNeeded | None = None
        if of.chance is not None and of.people >= FEWEST:
            needed = people_needed(_holders(of_task), of.people, of.chance, below, np.random.default_rng(seed))
        yield TaskNovelty(task, of, below, counted, needed, by_chance.get(task))
