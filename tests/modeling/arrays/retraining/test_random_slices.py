"""Random slices of a class, their sizes, and the percentile of a value among them."""

import numpy as np
import pytest

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.retraining.random_slices import percentile_among, random_slices, rounded_slice_size

RNG = np.random.default_rng(5)
LABELS = np.repeat([0, 1], [200, 100])
IMAGES = RNG.standard_normal((300, 16)).astype(np.float32)


def test_each_draw_cuts_the_class_at_the_given_size() -> None:
    slices = random_slices(IMAGES, LABELS, 0, 40, draws=50, seed=1)
    assert slices.shape == (50, 300)
    assert (slices.sum(axis=1) == 40).all()
    assert not slices[:, LABELS == 1].any()


def test_a_slice_is_what_lies_farthest_along_its_direction() -> None:
    directions = np.random.default_rng(1).standard_normal((16, 50), dtype=np.float32)
    along = IMAGES @ directions
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
