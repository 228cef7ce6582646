"""`make bench`: how often what is said of findings is wrong, where the truth is known. Tests have fewer data sets."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tests.annotations.analysis.statistics.crowds import Crowd
from tests.modeling.explanations.random_words import random_words

DATA_SETS = 400


def headlines(n: int) -> list[str]:
    of = random_words(n)
    return [
        f"{of.claimed:.1%} of headlines claim a finding",
        f"the best passes in {of.passed:.1%}",
        f"said: {of.stated:.1%}",
    ]


def enough(n: int, crowd: Crowd) -> list[str]:
    of = crowd.rates(n)
    return [f"people needed held in {of.held:.1%}", f"enough said in {of.enough:.1%}", f"wrongly in {of.wrongly:.1%}"]


SIMULATED: dict[str, Callable[[int], Sequence[str]]] = {
    "20 random words": headlines,
    "20 people, threshold 25%": partial(enough, crowd=Crowd(20, 12, 0.25)),
    "40 people, threshold 30%": partial(enough, crowd=Crowd(40, 30, 0.3)),
}


@pytest.mark.parametrize("simulated", SIMULATED)
def test_rates(benchmark: Any, simulated: str) -> None:
    benchmark.group = f"Rates of error, {DATA_SETS} data sets"
    benchmark.extra_info["note"] = f"{simulated}: {'; '.join(benchmark.pedantic(SIMULATED[simulated], (DATA_SETS,)))}"
