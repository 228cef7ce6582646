"""Seeded samples of images."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clarify_errors.arrays.common.samples import sample

SEED = (7, 1, 0)


def test_the_same_seed_and_draw_show_the_same_images() -> None:
    assert sample(100, 18, 3, SEED).tolist() == sample(100, 18, 3, SEED).tolist()


def test_another_seed_shows_other_images() -> None:
    assert sample(100, 18, 0, SEED).tolist() != sample(100, 18, 0, (8, 1, 0)).tolist()


def test_the_next_draw_shows_others_until_all_have_been_seen() -> None:
    draws = [set(sample(100, 25, draw, SEED).tolist()) for draw in range(4)]
    assert set.union(*draws) == set(range(100))
    assert sum(len(draw) for draw in draws) == 100


def test_without_images_there_is_nothing_to_show() -> None:
    assert sample(0, 18, 5, SEED).size == 0


@given(st.integers(0, 300), st.integers(1, 40), st.integers(0, 10_000))
def test_a_sample_never_shows_an_image_twice(n: int, size: int, draw: int) -> None:
    shown = sample(n, size, draw, SEED)
    assert len(shown) == min(n, size) == len(np.unique(shown))
    assert all(0 <= position < n for position in shown)
