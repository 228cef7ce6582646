"""`make bench`: how often what is said of findings is wrong, where the truth is known. Tests have fewer data sets."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tests.annotations.analysis.concepts import shuffled_errors
from tests.annotations.analysis.statistics.crowds import Crowd
from tests.annotations.analysis.tables import guessers
from tests.modeling.arrays.embeddings import different_images
from tests.modeling.arrays.keywords.lists_of_captions import UNRELATED, share_of_findings
from tests.modeling.explanations.random_words import random_words
from tests.modeling.explanations.silent_reports import share_that_find
from tests.worker.releases import mixed_model

DATA_SETS = 400
CLASSES = 100  # whose captions make lists: two lists with 200 permutations each take 0.4 s


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


def made_of_captions(_: int, often: float = UNRELATED) -> list[str]:
    same, other = share_of_findings(often, CLASSES)
    return [f"of {CLASSES} classes p ≤ .05 on the same images in {same:.1%}", f"on the other half in {other:.1%}"]


def structures(n: int) -> list[str]:
    return [f"clusters said of {shuffled_errors.share_called(n):.1%} of shuffles of 40 errors"]


def reports(n: int) -> list[str]:
    return [f"words named for any of two classes in {share_that_find(n):.1%}"]


def by_chance(n: int) -> list[str]:
    brought, expected = guessers.means(n)
    return [f"{brought:.2f} distinct ideas in the mean", f"said by chance: {expected:.2f}"]


def tasks(n: int) -> list[str]:
    return [f"p < .05 in {mixed_model.share_called(n):.1%}"]


def near_duplicates(n: int, dimensions: int) -> list[str]:
    return [f"{different_images.share_called(n, dimensions):.2%} of new images are called near-duplicates"]


SIMULATED: dict[str, Callable[[int], Sequence[str]]] = {
    "20 random words": headlines,
    "keywords of captions that say nothing of the errors": made_of_captions,
    "keywords of captions that do for 70% of wrong images": partial(made_of_captions, often=0.7),
    "20 people, threshold 25%": partial(enough, crowd=Crowd(20, 12, 0.25)),
    "40 people, threshold 30%": partial(enough, crowd=Crowd(40, 30, 0.3)),
    "clusters of shuffled errors": structures,
    "reports on errors at random": reports,
    "2,000 images that differ in 4 ways": partial(near_duplicates, dimensions=4),
    "2,000 images that differ in 12 ways": partial(near_duplicates, dimensions=12),
    "20 people who type 6 random words each": by_chance,
    "two equal tasks in the mixed model, 20 people": tasks,
}


@pytest.mark.timeout(1800)  # keywords take minutes on a busy machine
@pytest.mark.parametrize("simulated", SIMULATED)
def test_rates(benchmark: Any, simulated: str) -> None:
    benchmark.group = f"Rates of error, {DATA_SETS} data sets"
    benchmark.extra_info["note"] = f"{simulated}: {'; '.join(benchmark.pedantic(SIMULATED[simulated], (DATA_SETS,)))}"
