"""How many ideas random common words would bring: by hand, and among simulated guessers."""

import numpy as np
import pytest

from annotations.analysis.observations.person_tasks import Tried, ideas_by_chance
from clarify_errors.arrays.phrases.null_level import null_level
from tests.annotations.analysis.tables import guessers
from tests.annotations.analysis.tables.guessers import CORRECT, ERRORS, Words


def tried(text: str, tries: int | None, score: float | None = 0.9, *, n_error: int = ERRORS) -> Tried:
    return Tried(1, "ann", text, score, None, CORRECT, n_error, tries)


def test_each_phrase_counts_with_the_share_of_words_above_the_level_of_its_tries() -> None:
    first, third = (null_level(CORRECT, ERRORS, tries) for tries in (1, 3))
    assert first < third
    words = Words(np.array([0.0] * 97 + [first, third, 1.0]))  # 95% of words stay at 0: the other level is below these
    assert ideas_by_chance([tried("red", 1)], words) == pytest.approx(0.02)
    assert ideas_by_chance([tried("red", 1), tried("dark", 3, 0.0)], words) == pytest.approx(0.03)


def test_a_phrase_that_is_tried_again_counts_once_with_its_fewest_tries() -> None:
    words = Words(np.array([0.0] * 97 + [null_level(CORRECT, ERRORS, 2), 1.0, 1.0]))
    assert ideas_by_chance([tried("red", 1), tried("dark", 2), tried("red", 2)], words) == pytest.approx(0.03 + 0.02)


def test_what_cannot_be_an_idea_adds_nothing() -> None:
    words = Words(np.linspace(0, 1, 100))
    assert ideas_by_chance([tried("red", None, None), tried("dark", 1, n_error=9)], words) == 0


def test_of_guessers_it_is_a_little_more_than_the_distinct_ideas_that_they_bring() -> None:
    brought, expected = guessers.means(40)
    assert brought <= expected < 1.5 * brought
