"""From which similarity on images are near-duplicates follows from how alike the others are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.duplicate_limits import ALARMS, COPIES_ABOVE, MIN_IMAGES, duplicate_limit
from clarify_errors.arrays.embeddings.standardization import unit_rows
from tests.modeling.arrays.embeddings.different_images import images, share_called, to_nearest


@pytest.mark.parametrize("dimensions", [4, 7, 12])
def test_of_different_images_about_one_in_a_hundred_is_above_it_in_any_number_of_dimensions(dimensions: int) -> None:
    nearest = to_nearest(images(3000, dimensions))
    assert (nearest > duplicate_limit(nearest)).mean() == pytest.approx(ALARMS, abs=0.007)


@pytest.mark.parametrize("dimensions", [4, 8])
def test_of_new_images_about_one_in_a_hundred_is_called_a_near_duplicate_and_altered_copies_are(
    dimensions: int,
) -> None:
    assert share_called(1, dimensions) == pytest.approx(ALARMS, abs=0.01)
    stored = images(2_000, dimensions)
    limit = duplicate_limit(to_nearest(stored))
    spread = np.sqrt(2 * (1 - limit)) / 3  # a third of the distance that the limit allows
    noise = unit_rows(np.random.default_rng(2).normal(size=(200, stored.shape[1])))
    copies = unit_rows(stored[:200] + (spread * noise).astype(np.float32))
    assert ((copies @ stored.T).max(axis=1) > limit).all()


def test_it_moves_with_the_scale_of_the_distances() -> None:
    nearest = to_nearest(images(500, 6))
    closer = (1 - (1 - nearest) / 20).astype(np.float32)
    assert 1 - duplicate_limit(closer) == pytest.approx((1 - duplicate_limit(nearest)) / 20, abs=2e-6)
    assert (closer > np.float32(0.98)).mean() > 0.9  # a limit of another encoder takes nearly all


def test_near_duplicates_among_the_images_do_not_hide_each_other() -> None:
    rows = images(2000, 8)
    alike = unit_rows(rows[:100] + np.random.default_rng(1).normal(size=(100, 24), scale=0.006))
    nearest = to_nearest(np.concatenate([rows, alike]))
    limit, without = duplicate_limit(nearest), duplicate_limit(nearest[100:2000])
    assert nearest[:100].max() < COPIES_ABOVE and (nearest[:100] > limit).all() and (nearest[2000:] > limit).all()
    assert (1 - limit) / (1 - without) == pytest.approx(1, abs=0.4)
    assert (nearest[:100] > np.quantile(nearest, 1 - ALARMS)).mean() < 0.5  # a quantile would hide most


def test_copies_lie_above_it_and_do_not_move_it() -> None:
    nearest = to_nearest(images(300, 6))
    copies = np.full(900, 1 - 1e-6, np.float32)
    assert duplicate_limit(np.concatenate([nearest, copies])) == duplicate_limit(nearest) < COPIES_ABOVE
    assert duplicate_limit((1 - (1 - nearest) / 1e5).astype(np.float32)) == COPIES_ABOVE


def test_of_few_images_copies_alone_are_near_duplicates() -> None:
    assert duplicate_limit(to_nearest(images(MIN_IMAGES - 1, 4))) == COPIES_ABOVE
    assert duplicate_limit(np.empty(0, np.float32)) == COPIES_ABOVE


@pytest.mark.parametrize("given", [np.ones((2, 2), np.float32), np.array([0.5, np.nan], np.float32)])
def test_what_is_no_similarity_per_image_is_refused(given: NDArray[np.float32]) -> None:
    with pytest.raises(BadArray):
        duplicate_limit(given)
