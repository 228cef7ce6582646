"""Data sets of which 20 random words are tried: what the headline of the best one says."""

from typing import NamedTuple

import numpy as np

import clarify_errors as clarify

D, TRIES, WORDS = 4, 20, 400


class Claims(NamedTuple):
    """Shares of data sets. claimed: whose headline says better than guessing; passed: whose best word passes both
    levels; stated: what the headlines say of that, on average."""

    claimed: float
    passed: float
    stated: float


def explained(seed: int, errors: int = 40) -> clarify.Explanation:
    """Of a class whose errors lie in one direction, the 20 words in random ones."""
    rng = np.random.default_rng(seed)
    n = 200
    is_error = np.arange(n) < errors
    images = rng.normal(size=(n, D))
    images[:, 0] += 1.5 * is_error
    labels = np.repeat("square", n)
    words = {f"word {i}": each for i, each in enumerate(rng.normal(size=(TRIES + WORDS, D)))}
    tried, known = dict(list(words.items())[:TRIES]), dict(list(words.items())[TRIES:])
    return clarify.explain(
        images, labels, np.where(is_error, "oval", labels), phrases=tried, vocabulary=known, splits=["validation"] * n,
        target_class="square",
    )  # fmt: skip


def random_words(n: int) -> Claims:
    """What is said of n data sets."""
    rows = []
    for seed in range(n):
        report = explained(seed)
        chance = report.random_words
        assert chance is not None
        rows.append((": better than guessing)" in repr(report), chance.passed > 0, chance.any_passes))
    return Claims(*np.mean(rows, axis=0).tolist())
