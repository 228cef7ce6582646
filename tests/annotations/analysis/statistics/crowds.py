"""Crowds whose people name each idea with a chance of its own: what a study of them says, and what is true."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from annotations.analysis.statistics.estimate_types import wilson_end
from annotations.analysis.statistics.rarefaction import people_needed
from annotations.analysis.tables.saturation_tables import novelty


class Rates(NamedTuple):
    """Shares of crowds. held: the interval of people needed holds their number; enough: it is said that there are
    enough people; wrongly: though the next one names something new with a higher chance than the study's threshold."""

    held: float
    enough: float
    wrongly: float


@dataclass(frozen=True)
class Crowd:
    """n people, ideas of which the i-th is named with the chance of / i, and the study's threshold."""

    n: int
    ideas: int
    below: float
    of: float = 0.5

    @property
    def chances(self) -> np.ndarray:
        return self.of / np.arange(1, self.ideas + 1)

    @property
    def true(self) -> int:
        """So many more people have an interval that ends below the threshold, for the true chance after them."""
        people = np.arange(self.n, 2 * self.n + 1)
        new = 1 - np.prod(1 - self.chances * (1 - self.chances) ** people[:, None], axis=1)
        return int((wilson_end(new, people, 1) >= self.below).sum())

    def rates(self, crowds: int, seed: int = 5) -> Rates:
        rng, found = np.random.default_rng(seed), []
        for _ in range(crowds):
            named = rng.random((self.n, self.ideas)) < self.chances
            of = novelty([frozenset(np.flatnonzero(row).tolist()) for row in named])
            assert of.chance is not None and of.high is not None
            needed = people_needed(named.sum(axis=0), self.n, of.chance, self.below, np.random.default_rng(0))
            is_enough = of.high < self.below
            assert is_enough == (needed.more == 0), "one criterion decides both"
            low, high = (self.n + 1 if end is None else end for end in (needed.low, needed.high))
            new = float(
                1 - np.prod(np.where(named.any(axis=0), 1, 1 - self.chances))
            )  # that the next person names a new one
            found.append((low <= self.true <= high, is_enough, is_enough and new >= self.below))
        return Rates(*np.mean(found, axis=0).tolist())
