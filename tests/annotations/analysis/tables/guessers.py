"""People who type random common words on errors at random: how many ideas they bring, and how many are expected."""

from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from annotations.analysis.observations.person_tasks import Key, Tried
from annotations.analysis.tables.saturation_tables import over_people
from clarify_errors.arrays.phrases.error_score import error_scores
from clarify_errors.arrays.phrases.vocabulary_level import vocabulary_level

WORDS, CORRECT, ERRORS, DIMENSIONS = 300, 60, 40, 12
PEOPLE, PHRASES = 20, 6


@dataclass(frozen=True)
class Words:
    """Error scores of words on one task, as `Vocabulary`."""

    scores: NDArray[np.float64]

    def of_sign(self, sign: int) -> float:
        return vocabulary_level(self.scores_of(sign))

    def scores_of(self, sign: int) -> NDArray[np.float64]:
        return self.scores


class Ideas(NamedTuple):
    brought: float
    expected: float


def of_words(rng: np.random.Generator) -> Words:
    """Return scores of words that have nothing to do with the errors, and like real ones resemble each other."""
    images, words = rng.normal(size=(CORRECT + ERRORS, DIMENSIONS)), rng.normal(size=(WORDS, DIMENSIONS))
    return Words(error_scores((words @ images.T).astype(np.float32), np.arange(len(images)) >= CORRECT).value)


def ideas(rng: np.random.Generator) -> Ideas:
    """Return what over_people counts, and expects, of one crowd of guessers; each word is a concept."""
    words, score = of_words(rng), count(1)
    tried: dict[Key, list[Tried]] = {}
    for person in map(str, range(PEOPLE)):
        drawn = rng.choice(WORDS, size=PHRASES, replace=False)
        tried[1, person] = [
            Tried(1, person, str(word), float(words.scores[word]), None, CORRECT, ERRORS, tries, score=next(score))
            for tries, word in enumerate(drawn, 1)
        ]
    _, [row] = over_people({1: words}, (), tried, lambda each: each.text, enough_below=0.1)
    assert row.by_chance is not None
    return Ideas(row.novelty.concepts, row.by_chance)


def means(n: int) -> Ideas:
    """Over n crowds, each on a task of its own."""
    rng = np.random.default_rng(0)
    brought, expected = np.mean([ideas(rng) for _ in range(n)], axis=0)
    return Ideas(float(brought), float(expected))
