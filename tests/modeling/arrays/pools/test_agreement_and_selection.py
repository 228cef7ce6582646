"""Kappa agrees with scikit-learn's, near-duplicates keep the first, and hidden images can be anywhere."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from clarify_errors.arrays.pools.candidate_selection import first_of_near_duplicates, hidden_places
from clarify_errors.arrays.pools.pool_sources import note_of
from clarify_errors.arrays.pools.review_agreement import cohens_kappa


@pytest.mark.parametrize("seed", range(20))
def test_kappa_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 3, 40)
    second = np.where(rng.random(40) < 0.6, first, rng.integers(0, 3, 40))
    assert cohens_kappa(first.tolist(), second.tolist()) == pytest.approx(cohen_kappa_score(first, second))


def test_of_near_duplicates_the_first_is_kept_and_named() -> None:
    rows = np.array([[1, 0], [0.999, 0.0447], [0, 1], [0.9, 0.43589], [0.01, 0.99995]], np.float32)
    kept, like, values = first_of_near_duplicates(rows / np.linalg.norm(rows, axis=1, keepdims=True), 0.99)
    assert kept.tolist() == [True, False, True, True, False]
    assert like.tolist() == [-1, 0, -1, -1, 2]
    assert values[1] == pytest.approx(0.999, abs=1e-4) and np.isnan(values[0])


def test_hidden_images_stand_anywhere_and_the_others_keep_their_order() -> None:
    order = hidden_places(50, 20, seed=3).tolist()
    assert sorted(order) == list(range(70))
    assert [i for i in order if i < 50] == list(range(50))
    assert [i for i in order if i >= 50] == list(range(50, 70))
    assert order != list(range(70)) and order != [*range(50, 70), *range(50)]


@pytest.mark.parametrize(
    ("given", "unsafe"),
    [("UNLIKELY", False), ("NSFW", True), ("UNSURE", True), ("0", False), (True, True), (False, False)],
)
def test_what_is_not_known_to_be_safe_is_unsafe(given: object, unsafe: bool) -> None:
    assert note_of({"NSFW": given})["unsafe"] is unsafe
