from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate
from clarify_errors.arrays.phrases.error_score import error_score

Class = tuple[NDArray[np.float32], NDArray[np.bool_]]  # similarities and is_error of one class's images
Monotone = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def scored(correct: list[float], error: list[float]) -> Class:
    similarities = np.array([*correct, *error], dtype=np.float32)
    return similarities, np.arange(len(similarities)) >= len(correct)


def largest_below_threshold(similarities: NDArray[np.float32], threshold: float | None) -> np.float32:
    assert threshold is not None
    return np.float32(similarities[similarities <= np.float32(threshold)].max())


# docs/analysts/methods.md: correct, error, J, the largest similarity at or below τ, the two-sided value
VECTORS = [
    ([0.1, 0.2, 0.3], [0.4, 0.5], 1, 0.3, 1),
    ([0.4, 0.5], [0.1, 0.2, 0.3], 0, None, 1),
    ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3], 0, None, 0),
    ([0.1, 0.2, 0.2, 0.3], [0.2, 0.3, 0.3, 0.4], 0.5, 0.2, 0.5),
    ([0.5, 0.5, 0.5], [0.5, 0.5], 0, None, 0),
    ([0.10, 0.15, 0.20, 0.30, 0.35], [0.18, 0.32, 0.40], 7 / 15, 0.30, 7 / 15),
    ([0.1, 0.2, 0.3, 0.4], [0.25], 0.5, 0.2, 0.5),
    ([0.1, 0.3], [0.2, 0.4], 0.5, 0.1, 0.5),
    ([0.1] * 9 + [0.9], [0.9, 0.1], 0.4, 0.1, 0.4),
]


@pytest.mark.parametrize(("correct", "error", "value", "largest_below", "two_sided"), VECTORS)
def test_the_published_vectors_come_out_exactly(
    correct: list[float], error: list[float], value: float, largest_below: float | None, two_sided: float
) -> None:
    similarities, is_error = scored(correct, error)
    result = error_score(similarities, is_error)
    assert result.value == value
    assert result.two_sided == two_sided
    assert (result.n_correct, result.n_error) == (len(correct), len(error))
    if largest_below is None:
        assert result.threshold is None
    else:
        assert largest_below_threshold(similarities, result.threshold) == np.float32(largest_below)


def test_the_threshold_lies_midway_between_its_neighbours_in_float32() -> None:
    result = error_score(*scored([0.1, 0.2], [0.5, 0.7]))
    assert result.threshold == np.float32((float(np.float32(0.2)) + float(np.float32(0.5))) / 2)


def test_where_the_midpoint_rounds_up_the_threshold_is_the_lower_similarity() -> None:
    lower = np.nextafter(np.float32(0.25), np.float32(1))  # an odd last bit: the tie rounds to its even neighbour
    upper = np.nextafter(lower, np.float32(1))
    assert np.float32((float(lower) + float(upper)) / 2) == upper
    result = error_score(*scored([lower], [upper]))
    assert result.threshold == lower


def test_tied_maxima_take_the_more_even_split_even_at_a_larger_threshold() -> None:
    # The advantage is 1/4 with one image below, and again with three of the eight.
    similarities, is_error = scored([0.1, 0.3, 0.8, 0.9], [0.2, 0.4, 0.5, 0.6])
    result = error_score(similarities, is_error)
    assert result.value == 0.25
    assert largest_below_threshold(similarities, result.threshold) == np.float32(0.3)


def test_a_phrase_that_describes_the_correct_images_scores_zero_but_two_sided_one() -> None:
    result = error_score(*scored([0.4, 0.5], [0.1, 0.2, 0.3]))
    assert (result.value, result.threshold) == (0, None)
    assert result.two_sided_threshold is not None
    assert np.float32(0.3) < result.two_sided_threshold < np.float32(0.4)


def test_minus_zero_and_zero_are_one_similarity() -> None:
    result = error_score(*scored([-0.0, 0.0], [0.0, -0.0]))
    assert (result.value, result.two_sided) == (0, 0)
    assert str(error_score(*scored([0.5, 0.5], [0.1])).value) == "0.0"


@pytest.mark.parametrize(("correct", "error"), [([0.1, 0.2], []), ([], [0.1, 0.2]), ([], [])])
def test_without_errors_or_without_correct_images_there_is_nothing_to_separate(
    correct: list[float], error: list[float]
) -> None:
    with pytest.raises(NothingToSeparate) as caught:
        error_score(*scored(correct, error))
    assert (caught.value.n_correct, caught.value.n_error) == (len(correct), len(error))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_similarity_that_is_not_finite_is_named(bad: float) -> None:
    with pytest.raises(BadArray, match="similarity 1 is not a finite"):
        error_score(*scored([0.1, bad], [0.3]))


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadArray, match="same length"):
        error_score(np.zeros(3, np.float32), np.zeros(2, bool))
    with pytest.raises(BadArray, match="same length"):
        error_score(np.zeros((3, 1), np.float32), np.zeros((3, 1), bool))
    with pytest.raises(BadArray, match="must be boolean"):
        error_score(np.zeros(2, np.float32), np.array([0, 1]))


def similarities_with_ties(n: int) -> st.SearchStrategy[NDArray[np.float32]]:
    return arrays(np.float32, n, elements=st.integers(-20, 20).map(lambda i: i / np.float32(16)))


@st.composite
def classes(draw: st.DrawFn) -> Class:
    n = draw(st.integers(2, 40))
    similarities = draw(similarities_with_ties(n))
    is_error = draw(arrays(np.bool_, n))
    assume(is_error.any() and not is_error.all())
    return similarities, is_error


@given(classes())
def test_it_equals_scipys_kolmogorov_smirnov_statistics(case: Class) -> None:
    similarities, is_error = case
    result = error_score(similarities, is_error)
    error, correct = similarities[is_error], similarities[~is_error]
    less, greater = (
        ks_2samp(error, correct, alternative=side, method="exact").statistic for side in ("less", "greater")
    )
    assert result.value == pytest.approx(less, abs=1e-12)
    assert result.two_sided == pytest.approx(max(less, greater), abs=1e-12)


@given(classes())
def test_the_value_is_twice_the_best_balanced_accuracy_less_one(case: Class) -> None:
    similarities, is_error = case
    thresholds = [-np.inf, *similarities]
    balanced = [((similarities[is_error] > t).mean() + (similarities[~is_error] <= t).mean()) / 2 for t in thresholds]
    assert error_score(similarities, is_error).value == pytest.approx(2 * (max(balanced) - 0.5), abs=1e-12)


@given(classes())
def test_the_threshold_attains_the_value_and_never_equals_a_larger_similarity(case: Class) -> None:
    similarities, is_error = case
    result = error_score(similarities, is_error)
    for value, threshold in [(result.value, result.threshold), (result.two_sided, result.two_sided_threshold)]:
        assert (threshold is None) == (value == 0)
        if threshold is not None:
            above = similarities > np.float32(threshold)
            assert 0 < above.sum() < len(above)
            assert abs(above[is_error].mean() - above[~is_error].mean()) == pytest.approx(value, abs=1e-12)


@given(classes(), st.sampled_from([lambda s: s * 4 + 1, lambda s: s**3, lambda s: np.exp(s)]))
def test_only_the_order_of_similarities_matters(case: Class, monotone: Monotone) -> None:
    similarities, is_error = case
    before, after = error_score(similarities, is_error), error_score(monotone(similarities), is_error)
    assert (before.value, before.two_sided) == (after.value, after.two_sided)
    if before.threshold is not None:
        assert after.threshold is not None
        above = similarities > np.float32(before.threshold)
        np.testing.assert_array_equal(above, monotone(similarities) > np.float32(after.threshold))


@given(classes(), st.randoms(use_true_random=False))
def test_the_order_of_images_does_not_matter(case: Class, random: Random) -> None:
    similarities, is_error = case
    order = random.sample(range(len(similarities)), len(similarities))
    assert error_score(similarities, is_error) == error_score(similarities[order], is_error[order])
