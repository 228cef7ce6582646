"""Places on an axis, and its ticks."""

import pytest

from annotations.charts.scales import Scale, even_ticks, log_ticks, round_up


def test_an_even_scale_maps_its_ends_and_its_middle() -> None:
    scale = Scale(0.0, 2.0, 100.0, 200.0)
    assert [scale(value) for value in (0.0, 1.0, 2.0)] == [100.0, 150.0, 200.0]


def test_what_lies_outside_is_drawn_at_the_end() -> None:
    scale = Scale(0.0, 1.0, 0.0, 10.0)
    assert (scale(-1.0), scale(5.0)) == (0.0, 10.0)


def test_a_logarithmic_scale_maps_equal_ratios_to_equal_distances() -> None:
    scale = Scale(1.0, 100.0, 0.0, 2.0, is_log=True)
    assert scale(10.0) == pytest.approx(1.0)
    assert scale(0.0) == 0.0


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 12, [0, 2.5, 5, 7.5, 10]), (1, 26, [5, 10, 15, 20, 25])],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert even_ticks(low, high) == pytest.approx(ticks)


def test_logarithmic_ticks_are_ones_twos_and_fives() -> None:
    assert log_ticks(0.3, 30) == [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]


@pytest.mark.parametrize(("value", "end"), [(7.3, 8), (0.41, 0.5), (0, 1), (100, 100), (26, 30)])
def test_an_axis_ends_at_a_round_value(value: float, end: float) -> None:
    assert round_up(value) == pytest.approx(end)
