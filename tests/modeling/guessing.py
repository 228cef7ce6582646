"""Guesses, for tests of what guessing reaches."""

import random
import string
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clarify_errors.arrays.phrases.vocabulary_level import chance_to_pass, vocabulary_level

_RNG = random.Random(0)  # no secret
GIBBERISH = ["".join(_RNG.choices(string.ascii_lowercase, k=_RNG.randint(3, 8))) for _ in range(400)]


class Passed(NamedTuple):
    """Shares of draws. one: a word passes the vocabulary level; by tries, the best of so many words passes both levels.

    of_so_many: both are of so many tries; gate: the vocabulary level is that of one word.
    """

    one: float
    of_so_many: dict[int, float]
    gate: dict[int, float]


def passed_in_halves(scores: np.ndarray, unrelated: Callable[[int], float]) -> Passed:
    """How often words of one half of a list pass the levels of the other half, the mean over 200 halvings."""
    rng, levels = np.random.default_rng(0), {tries: unrelated(tries) for tries in (4, 6, 20)}
    found: list[list[float]] = []
    for _ in range(200):
        known, held_out = np.array_split(rng.permutation(scores), 2)
        one = vocabulary_level(known)
        both = [
            chance_to_pass(held_out, max(vocabulary_level(known, tries), level), tries)
            for tries, level in levels.items()
        ]
        gate = [chance_to_pass(held_out, max(one, level), tries) for tries, level in levels.items()]
        found.append([float((held_out > one).mean()), *both, *gate])
    mean, *others = np.mean(found, axis=0).tolist()
    return Passed(mean, *(dict(zip(levels, others[at : at + len(levels)], strict=True)) for at in (0, len(levels))))
