"""The histogram of similarities."""

import numpy as np
import pytest

from annotations.phrases.histogram import HALF_HEIGHT, N_BINS, WIDTH, histogram

SIMILARITIES = np.array([0.0, 0.1, 0.1, 0.9, 1.0], np.float32)
IS_ERROR = np.array([False, False, False, True, True])


def test_right_images_stand_above_and_wrong_ones_below() -> None:
    bars = histogram(SIMILARITIES, IS_ERROR, 0.5).bars
    assert len(bars) == N_BINS
    assert [bar.right_height > 0 for bar in bars[: N_BINS // 2]].count(True) == 2
    assert not any(bar.wrong_height for bar in bars[: N_BINS // 2])
    assert not any(bar.right_height for bar in bars[N_BINS // 2 :])


def test_the_tallest_bar_fills_its_half() -> None:
    assert max(bar.right_height for bar in histogram(SIMILARITIES, IS_ERROR, 0.5).bars) == HALF_HEIGHT


def test_the_threshold_stands_where_its_similarity_is() -> None:
    assert histogram(SIMILARITIES, IS_ERROR, 0.25).threshold_x == pytest.approx(WIDTH / 4)


def test_without_a_threshold_there_is_no_line() -> None:
    assert histogram(SIMILARITIES, IS_ERROR, None).threshold_x is None


def test_equal_similarities_make_one_bar_a_side() -> None:
    bars = histogram(np.full(5, 0.3, np.float32), IS_ERROR, None).bars
    assert sum(bar.right_height > 0 for bar in bars) == sum(bar.wrong_height > 0 for bar in bars) == 1
