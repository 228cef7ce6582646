"""Guesses, for tests of what guessing reaches."""

import random
import string
from collections.abc import Callable

import numpy as np

from modeling.arrays.phrases.vocabulary_level import chance_to_pass, vocabulary_level

_RNG = random.Random(0)  # no secret
GIBBERISH = ["".join(_RNG.choices(string.ascii_lowercase, k=_RNG.randint(3, 8))) for _ in range(400)]


def passed_in_halves(scores: np.ndarray, unrelated: Callable[[int], float]) -> tuple[float, dict[int, float]]:
    """How often words of one half of a list pass the levels of the other half, the mean over 200 halvings.

    For one word the vocabulary level alone; for the best of 4, 6 and 20 both levels of that many tries.
    """
    rng = np.random.default_rng(0)
    one: list[float] = []
    best: dict[int, list[float]] = {tries: [] for tries in (4, 6, 20)}
    for _ in range(200):
        known, held_out = np.array_split(rng.permutation(scores), 2)
        one.append(float((held_out > vocabulary_level(known)).mean()))
        for tries, shares in best.items():
            level = max(vocabulary_level(known, tries), unrelated(tries))
            shares.append(chance_to_pass(held_out, level, tries))
    return float(np.mean(one)), {tries: float(np.mean(shares)) for tries, shares in best.items()}
