"""Random slices of a class, their sizes, and the percentile of a value among them."""

from itertools import combinations

import numpy as np
import pytest

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.retraining.random_slices import (
    percentile_among,
    percentile_among_best,
    random_directions,
    random_slices,
    rounded_slice_size,
)

RNG = np.random.default_rng(5)
LABELS = np.repeat([0, 1], [200, 100])
IMAGES = RNG.standard_normal((300, 16)).astype(np.float32)


def test_each_draw_cuts_the_class_at_the_given_size() -> None:
    slices = random_slices(IMAGES, LABELS, 0, 40, draws=50, seed=1)
    assert slices.shape == (50, 300)
    assert (slices.sum(axis=1) == 40).all()
    assert not slices[:, LABELS == 1].any()


def test_a_slice_is_what_lies_farthest_along_its_direction() -> None:
    along = IMAGES @ random_directions(16, 50, seed=1)
    for draw, above in enumerate(random_slices(IMAGES, LABELS, 1, 30, draws=50, seed=1)):
        below = (LABELS == 1) & ~above
        assert along[above, draw].min() >= along[below, draw].max()


def test_a_seed_gives_one_set_of_slices() -> None:
    assert (random_slices(IMAGES, LABELS, 0, 40, seed=1) == random_slices(IMAGES, LABELS, 0, 40, seed=1)).all()
    assert (random_slices(IMAGES, LABELS, 0, 40, seed=1) != random_slices(IMAGES, LABELS, 0, 40, seed=2)).any()


def test_the_first_draws_do_not_depend_on_other_classes() -> None:
    of_class = LABELS == 1
    alone = random_slices(IMAGES[of_class], LABELS[of_class], 1, 30, seed=3)
    assert (random_slices(IMAGES, LABELS, 1, 30, seed=3)[:, of_class] == alone).all()


def test_images_that_are_equal_are_cut_at_the_size_all_the_same() -> None:
    slices = random_slices(np.ones((10, 4), np.float32), np.zeros(10, np.int64), 0, 3, draws=2)
    assert slices.sum(axis=1).tolist() == [3, 3]


@pytest.mark.parametrize("n_above", [0, 200, 250])
def test_a_cut_that_leaves_a_slice_empty_is_refused(n_above: int) -> None:
    with pytest.raises(BadArray, match="leave a slice empty"):
        random_slices(IMAGES, LABELS, 0, n_above)


def test_sizes_are_rounded_on_the_smaller_side() -> None:
    assert [rounded_slice_size(n, 1000) for n in (1, 2, 10, 95, 105, 130)] == [1, 2, 9, 87, 108, 136]
    for n in range(1, 1000):
        rounded = rounded_slice_size(n, 1000)
        assert 1 <= rounded <= 999
        assert 1000 - rounded == rounded_slice_size(1000 - n, 1000) or n == 500
        assert abs(np.log(min(rounded, 1000 - rounded) / min(n, 1000 - n))) < 0.2


def test_a_percentile_counts_equal_draws_by_half() -> None:
    draws = np.array([0.1, 0.2, 0.2, 0.9])
    assert [percentile_among(value, draws) for value in (0.0, 0.1, 0.2, 0.5, 1.0)] == [0, 12.5, 50, 75, 100]


@pytest.mark.parametrize("tries", [1, 2, 3, 5, 8])
def test_the_best_of_some_draws_is_what_all_choices_of_so_many_give(tries: int) -> None:
    draws, scores = RNG.random(8).round(1), RNG.permutation(8) / 8
    best = [max(chosen, key=lambda i: scores[i]) for chosen in combinations(range(8), tries)]
    for value in (0.0, 0.3, 0.5, 1.0):
        assert percentile_among_best(value, draws, scores, tries) == pytest.approx(percentile_among(value, draws[best]))


def test_one_try_is_the_plain_percentile_and_more_than_there_are_draws_the_best_of_all() -> None:
    draws, scores = RNG.random(50), RNG.random(50)
    assert percentile_among_best(0.4, draws, scores, 1) == pytest.approx(percentile_among(0.4, draws))
    best = draws[scores.argmax()]
    assert percentile_among_best(best + 0.01, draws, scores, 60) == 100
    assert percentile_among_best(best, draws, scores, 60) == 50


def test_of_draws_with_equal_scores_each_is_chosen_as_often() -> None:
    draws = np.array([0.1, 0.9, 0.5, 0.6])
    assert percentile_among_best(0.2, draws, np.array([1.0, 1.0, 0.0, 0.0]), 4) == pytest.approx(50)
    assert percentile_among_best(0.2, draws, np.zeros(4), 3) == pytest.approx(25)


def test_the_scores_of_another_number_of_draws_are_refused() -> None:
    with pytest.raises(BadArray, match="scores"):
        percentile_among_best(0.5, np.zeros(3), np.zeros(4), 1)
    with pytest.raises(BadArray, match="tries"):
        percentile_among_best(0.5, np.zeros(3), np.zeros(3), 0)
