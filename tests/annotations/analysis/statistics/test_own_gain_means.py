"""A mean own gain that few people carry, and its test against random slices: independent numbers, and simulations."""

import numpy as np
import pytest

from annotations.analysis.statistics.estimates import t_interval
from annotations.analysis.statistics.mean_differences import mean_interval, p_value_beside_slices
from clarify_errors.arrays.retraining.random_slice_gains import SliceGains, beside_random_slices
from tests.annotations.analysis.statistics.simulated_people import coverage, rejected

TWO_OF_TWELVE = np.array([0.26, 0.24, 0, 0.01, -0.01, 0, 0, 0.005, -0.005, 0, 0, 0])


def test_an_interval_that_two_people_carry_is_what_independent_code_found() -> None:
    assert t_interval(TWO_OF_TWELVE) == pytest.approx((-0.020296, 0.103629), abs=1e-6)
    found = mean_interval(TWO_OF_TWELVE, TWO_OF_TWELVE > 0.02, 1.0)
    assert found == pytest.approx((-0.020296, 0.112008), abs=1e-6)


def test_where_nobody_found_anything_the_best_known_word_says_how_much_there_may_be() -> None:
    gains = np.array([0.0] * 11 + [0.004])
    assert t_interval(gains) == pytest.approx((-0.0004, 0.001067), abs=1e-6)
    assert mean_interval(gains, gains > 0.02, 0.4) == pytest.approx((-0.0004, 0.09725), abs=1e-6)


def test_with_five_finders_and_five_others_it_is_students() -> None:
    gains = np.array([0.26] * 5 + [0.0] * 5)
    assert mean_interval(gains, gains > 0.02, 1.0) == t_interval(gains)


@pytest.mark.parametrize("name", ["10% find 26 points", "90% do"])
def test_it_holds_the_mean_where_students_misses_it(name: str) -> None:
    student, extended = coverage(name, n=12, samples=400)
    assert student < 0.8 and extended >= 0.93


def test_the_test_beside_random_slices_is_what_independent_code_found() -> None:
    slices = SliceGains.of(np.array([0.03, 0.05, 0.02, -0.01, 0.01, 0]), np.array([0.7, 0.9, 0.8, 0.6, 0.4, 0.5]))
    assert slices.gains.tolist() == [0.05, 0.02, 0.03, -0.01, 0, 0.01]
    people = [0.06, 0.01, 0.09, 0.04]
    found = beside_random_slices(people, [slices] * 4, [2] * 4)
    assert found is not None
    assert (found.difference, found.t, found.df) == pytest.approx((0.023333, 1.090560, 6.380202), abs=1e-6)
    assert found.variance - np.var(people, ddof=1) / 4 == pytest.approx(0.00017444, abs=1e-8)
    assert p_value_beside_slices(people, [slices] * 4, [2] * 4) == pytest.approx(0.314931, abs=1e-6)


def test_slices_of_equal_scores_are_chosen_equally_often() -> None:
    slices = SliceGains.of(np.array([0.1, 0.3, 0.0]), np.array([0.5, 0.5, 0.1]))
    assert slices.best_of(3) == pytest.approx(0.2)
    assert slices.best_of(99) == slices.best_of(3)


def test_the_slices_of_two_sizes_add_their_own_errors() -> None:
    a, b = (SliceGains.of(np.array(each), np.array([3.0, 2.0, 1.0])) for each in ([0.1, 0.0, 0.2], [0.0, 0.3, 0.1]))
    people = [0.06, 0.01]
    both, one = (beside_random_slices(people, of, [1, 1]) for of in ([a, b], [a, None]))
    assert both and one
    alone = [len(each.gains) - 1 for each in (a, b)]
    v = [n * np.var(each.best_of_without(1) / 2) for n, each in zip(alone, (a, b), strict=True)]
    less = np.array(people) - [a.best_of(1), b.best_of(1)]
    assert both.variance == pytest.approx(less.var(ddof=1) / 2 + sum(v))
    assert one.variance == pytest.approx((np.array(people) - [a.best_of(1), 0]).var(ddof=1) / 2 + v[0])


def test_without_two_people_or_any_spread_there_is_no_p_value() -> None:
    same = SliceGains.of(np.zeros(3), np.arange(3.0))
    assert p_value_beside_slices([0.1], [same], [1]) is None
    assert p_value_beside_slices([0.1, 0.1], [same, same], [1, 1]) is None


def test_a_crowd_of_random_slices_is_rarely_said_to_gain_more_than_random_slices() -> None:
    against_0, beside = rejected(n=20, tries=4, n_draws=100, crowds=300)
    assert against_0 > 0.9  # the test that was
    assert beside <= 0.09  # of .05, with three standard errors
