from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate
from clarify_errors.arrays.phrases import null_level as module
from clarify_errors.arrays.phrases.error_score import error_scores
from clarify_errors.arrays.phrases.error_score import null_level as imported_from_error_score
from clarify_errors.arrays.phrases.null_level import (
    asymptotic_p_values,
    null_level,
    null_mean,
    p_method,
    p_value,
    p_values,
    touching_share,
)

BOTH_WAYS = (module._count_by_rows, module._share_by_diagonals)

counts = st.integers(1, 25)  # SciPy's own counts are exact up to C(50, 25)


# docs/analysts/methods.md: errors, correct, and for each number of tries the mean and the 95% level
@pytest.mark.parametrize(
    ("n_error", "n_correct", "tries", "mean", "level"),
    [
        (25, 25, 1, 0.158, 0.32),
        (25, 25, 5, 0.273, 0.40),
        (25, 25, 10, 0.315, 0.44),
        (25, 25, 50, 0.398, 0.48),
        (10, 40, 1, 0.198, 0.40),
        (10, 40, 5, 0.341, 0.50),
        (10, 40, 10, 0.393, 0.55),
        (10, 40, 50, 0.494, 0.625),
    ],
)
def test_the_published_levels_come_out(n_error: int, n_correct: int, tries: int, mean: float, level: float) -> None:
    assert null_level(n_correct, n_error, tries, 0.95) == level
    assert null_mean(n_correct, n_error, tries) == pytest.approx(mean, abs=5e-4)


def test_the_error_score_module_has_it_too() -> None:
    assert imported_from_error_score is null_level


def test_four_of_eight_under_ties_are_as_published() -> None:
    assert p_value(0.5, 4, 4) == pytest.approx(0.4, abs=1e-12)


@pytest.mark.parametrize(("n_correct", "n_error"), [(3, 3), (4, 6), (5, 3), (7, 2), (1, 8)])
def test_p_values_and_levels_are_those_of_all_orders_of_the_images(n_correct: int, n_error: int) -> None:
    n = n_correct + n_error
    orders = np.array([np.isin(np.arange(n), errors) for errors in combinations(range(n), n_error)])
    scores = np.array([error_scores(np.arange(n, dtype=np.float32)[None], each).value[0] for each in orders])
    assert len(scores) == comb(n, n_error)
    for score in np.unique(scores):
        assert p_value(score, n_correct, n_error) == pytest.approx((scores >= score - 1e-9).mean(), rel=1e-12)
    for tries in (1, 4, 20):
        below = np.array([(scores <= score + 1e-9).mean() ** tries for score in np.unique(scores)])
        level = null_level(n_correct, n_error, tries, 0.9)
        assert level == pytest.approx(np.unique(scores)[np.argmax(below >= 0.9)], abs=1e-9)
    assert null_mean(n_correct, n_error, 1) == pytest.approx(scores.mean(), rel=1e-9)


@given(counts, counts, st.randoms(use_true_random=False))
def test_p_values_are_those_of_scipys_exact_test(n_correct: int, n_error: int, random) -> None:
    values = np.array([random.gauss(0, 1) for _ in range(n_correct + n_error)])
    known = ks_2samp(values[:n_error], values[n_error:], alternative="less", method="exact")
    assert p_value(known.statistic, n_correct, n_error) == pytest.approx(known.pvalue, rel=1e-9)


@pytest.mark.parametrize(("n_correct", "n_error"), [(206, 60), (833, 100), (450, 450)])
def test_classes_of_real_size_agree_with_scipy(n_correct: int, n_error: int) -> None:
    rng = np.random.default_rng(0)
    for shift in (0, 0.3, 1):
        correct, error = rng.normal(size=n_correct), rng.normal(shift, size=n_error)
        known = ks_2samp(error, correct, alternative="less", method="exact")
        assert p_value(known.statistic, n_correct, n_error) == pytest.approx(known.pvalue, rel=1e-8)


def test_more_paths_than_float64_counts_are_shared_out_as_the_closed_form_says() -> None:
    n, steps = 1_000, np.array([1, 40, 200, 600])
    assert comb(2 * n, n) > 10**308
    closed = [comb(2 * n, n - int(h)) / comb(2 * n, n) for h in steps]
    np.testing.assert_allclose(touching_share(n, n, steps), closed, rtol=1e-10)


@given(counts, counts, st.integers(0, 2**32))
def test_both_ways_of_counting_agree(one: int, other: int, seed: int) -> None:
    short, long = sorted((one, other))
    divisor = int(np.gcd(short, long))
    steps = np.random.default_rng(seed).integers(0, short * long // divisor + 1, size=5)
    arguments = (short, long, short // divisor, long // divisor, steps)
    by_rows, by_diagonals = (each(*arguments) for each in BOTH_WAYS)
    np.testing.assert_allclose(by_rows, by_diagonals, rtol=1e-10)
    assert (by_rows > 0).all()


def test_paths_that_stray_far_from_the_line_are_not_missed() -> None:
    short, long = 331, 400
    steps = np.array([0, 1, 500, 5_000, 20_000, 60_000])
    by_rows, by_diagonals = (each(short, long, short, long, steps) for each in BOTH_WAYS)
    np.testing.assert_allclose(by_diagonals, by_rows, rtol=1e-10)


@given(counts, counts, st.floats(0, 1))
def test_the_two_counts_are_interchangeable(one: int, other: int, value: float) -> None:
    assert p_value(value, one, other) == p_value(value, other, one)


@given(counts, counts, st.integers(1, 100), st.floats(0.01, 0.99))
def test_the_level_is_the_smallest_score_that_is_passed_seldom_enough(
    n_correct: int, n_error: int, tries: int, quantile: float
) -> None:
    n_steps = n_correct * n_error // int(np.gcd(n_correct, n_error))
    steps = round(null_level(n_correct, n_error, tries, quantile) * n_steps)
    seldom = [
        1 - p_values(np.array([(steps + i) / n_steps]), n_correct, n_error)[0] for i in (0, 1) if steps + i <= n_steps
    ]
    assert seldom[0] ** tries < quantile + 1e-9 or steps == 0
    assert len(seldom) == 1 or seldom[1] ** tries >= quantile - 1e-9


def test_more_tries_and_smaller_classes_reach_more() -> None:
    levels = [null_level(90, 30, tries) for tries in (1, 2, 5, 10, 100)]
    assert levels == sorted(set(levels))
    assert null_level(9, 3, 5) > null_level(90, 30, 5) > null_level(900, 300, 5)


def test_the_asymptotic_level_continues_the_exact_one() -> None:
    assert (p_method(3_162, 3_162), p_method(3_163, 3_163)) == ("exact", "asymptotic")
    exact, asymptotic = null_level(3_162, 3_162, 5), null_level(3_163, 3_163, 5)
    assert exact == pytest.approx(asymptotic, rel=0.01)
    assert p_value(0.03, 3_163, 3_163) == pytest.approx(p_value(0.03, 3_162, 3_162), rel=0.03)
    assert null_mean(3_163, 3_163, 5) == pytest.approx(
        exact * null_mean(900, 900, 5) / null_level(900, 900, 5), rel=0.02
    )


def test_p_values_tend_to_the_asymptotic_ones() -> None:
    """By hand: 2 · .05² · 1,500 · 2,500 / 4,000 = 4.6875."""
    asymptotic = asymptotic_p_values(np.array([0.0, 0.05]), 1_500, 2_500)
    assert asymptotic == pytest.approx([1, np.exp(-4.6875)])
    assert asymptotic == pytest.approx(p_values(np.array([0.0, 0.05]), 1_500, 2_500), rel=0.05)
    assert p_value(0.05, 30_000, 500) == asymptotic_p_values(np.array([0.05]), 30_000, 500)[0]


def test_a_mean_over_spaced_scores_is_the_mean_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    spaced = null_mean(61, 50, 5)
    monkeypatch.setattr(module, "FINEST", 61 * 50)
    null_mean.cache_clear()
    assert spaced == pytest.approx(null_mean(61, 50, 5), rel=1e-4)
    null_mean.cache_clear()


@pytest.mark.parametrize(("n_correct", "n_error"), [(0, 5), (5, 0), (-1, 3)])
def test_without_errors_or_without_correct_images_there_is_no_null(n_correct: int, n_error: int) -> None:
    for question in (lambda: null_level(n_correct, n_error, 1), lambda: p_value(0.5, n_correct, n_error)):
        with pytest.raises(NothingToSeparate):
            question()


@pytest.mark.parametrize(
    ("tries", "quantile"), [(0, 0.95), (-1, 0.95), (1.5, 0.95), (float("nan"), 0.95), (1, 0), (1, 1), (1, float("nan"))]
)
def test_tries_and_quantiles_out_of_range_are_refused(tries: int, quantile: float) -> None:
    with pytest.raises(BadArray):
        null_level(5, 5, tries, quantile)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_a_score_out_of_range_has_no_p_value(value: float) -> None:
    with pytest.raises(BadArray):
        p_value(value, 5, 5)


def test_scores_that_have_no_p_value_are_named_and_counts_are_whole_numbers() -> None:
    with pytest.raises(BadArray, match=r"in \[0, 1\], but score 1 is not"):
        p_values(np.array([0.5, np.nan]), 5, 5)
    with pytest.raises(BadArray, match=r"must be a vector in \[0, 1\], not \(1, 1\)"):
        p_values(np.array([[0.5]]), 5, 5)
    not_counts: list[Any] = [2.5, float("nan")]
    for each in not_counts:
        with pytest.raises(BadArray, match="the number of correct images must be a whole number"):
            p_value(0.5, each, 5)
        with pytest.raises(BadArray, match="the number of wrong images must be a whole number"):
            null_level(5, each, 1)
