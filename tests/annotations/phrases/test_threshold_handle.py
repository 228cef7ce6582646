import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from annotations.phrases.threshold_handle import MOST_IN_ORDER, N_STEPS, handle, in_order_of_likeness, threshold_at

VALUES = np.array([0.1, 0.2, 0.2, 0.3, 0.5], np.float32)
WRONG = np.array([False, False, True, True, True])

similarity_arrays = st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=30).map(
    lambda values: np.array(values, np.float32) + np.float32(0)
)


def test_it_stands_at_the_nearest_place_to_the_threshold() -> None:
    shown = handle(VALUES, WRONG, 0.3, automatic=0.3)
    assert shown is not None
    assert shown.position == N_STEPS // 2
    assert (shown.n_right, shown.n_wrong, shown.is_chosen) == (2, 3, False)


def test_without_a_threshold_it_stands_at_the_end() -> None:
    shown = handle(VALUES, WRONG, None, automatic=None)
    assert shown is not None
    assert shown.position == N_STEPS
    assert (shown.right_with[-1], shown.wrong_with[-1]) == (0, 0)


def test_where_all_images_are_equally_similar_there_is_none() -> None:
    assert handle(np.full(3, 0.2, np.float32), np.array([True, False, True]), None, automatic=None) is None


def test_its_ends_are_the_least_and_the_greatest_similarity() -> None:
    assert threshold_at(VALUES, 0) == VALUES[0]
    assert threshold_at(VALUES, N_STEPS) == VALUES[-1]


@given(similarity_arrays, st.integers(0, N_STEPS))
def test_the_counts_at_a_place_are_those_of_a_split_there(values: NDArray[np.float32], position: int) -> None:
    wrong = np.arange(len(values)) % 3 == 0
    shown = handle(values, wrong, None, automatic=None)
    if shown is None:
        assert values.min() == values.max()
        return
    above = values > np.float32(threshold_at(values, position))
    assert shown.wrong_with[position] == (above & wrong).sum()
    assert shown.right_with[position] == (above & ~wrong).sum()


@given(similarity_arrays, st.integers(0, N_STEPS))
def test_where_it_was_put_it_is_found_again(values: NDArray[np.float32], position: int) -> None:
    if float(values.max()) - float(values.min()) < 1e-3:
        return  # the places are no more apart than float32 numbers
    shown = handle(values, np.arange(len(values)) % 2 == 0, threshold_at(values, position), automatic=None)
    assert shown is not None
    assert shown.position == position


@pytest.mark.parametrize("position", [0, 17, N_STEPS])
def test_a_place_is_an_exact_float32(position: int) -> None:
    place = threshold_at(VALUES, position)
    assert place == float(np.float32(place))


def test_its_line_stands_after_the_images_that_are_below_the_automatic_threshold() -> None:
    shown = handle(VALUES, WRONG, 0.3, automatic=0.25)
    assert shown is not None
    assert shown.best_percent == 60  # three of the five images


@given(similarity_arrays, st.integers(0, 2**30 - 1))
def test_each_picture_stands_for_as_many_images_and_the_wrong_ones_are_in_proportion(
    values: NDArray[np.float32], kinds: int
) -> None:
    wrong = np.array([bool(kinds >> i & 1) for i in range(len(values))])
    chosen = in_order_of_likeness(values, wrong)
    m, n = len(chosen), len(values)
    assert m == min(n, MOST_IN_ORDER) // 2 * 2
    assert len(set(chosen.tolist())) == m
    assert (np.diff(values[chosen]) >= 0).all()
    order = np.argsort(values, kind="stable")
    bounds = [number * n // m for number in range(m + 1)]
    share = 0.0
    for number, position in enumerate(chosen):
        near = order[bounds[number] : bounds[number + 1]]
        assert position in near
        share += wrong[near].mean()
        assert abs(wrong[chosen[: number + 1]].sum() - share) <= 0.5 + 1e-9
