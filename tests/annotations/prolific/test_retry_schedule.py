"""How long Prolific is asked again: some hours, whatever chance says."""

import datetime as dt
import random

import pytest

from annotations.prolific.retry_schedule import MAX_TRIES, next_try_in
from annotations.prolific_client.prolific_errors import Busy, ServerFault, Unreachable

AWAY = Unreachable("Prolific cannot be reached.")


def all_waits():
    return sum((next_try_in(AWAY, n) for n in range(1, MAX_TRIES)), dt.timedelta())


@pytest.fixture
def chance(monkeypatch):
    """What draws the wait between its bounds."""
    return lambda uniform: monkeypatch.setattr(random, "uniform", uniform)


def test_no_chance_makes_the_tries_end_before_some_hours_are_over(chance):
    chance(lambda low, high: low)
    assert all_waits() == dt.timedelta(hours=2, minutes=51, seconds=10)
    chance(lambda low, high: high)
    assert all_waits() == dt.timedelta(hours=5, minutes=42, seconds=20)


def test_two_workers_that_failed_together_do_not_come_back_together():
    first, second = next_try_in(AWAY, 5), next_try_in(AWAY, 5)
    assert first != second
    assert all(dt.timedelta(seconds=160) <= wait <= dt.timedelta(seconds=320) for wait in (first, second))


@pytest.mark.parametrize("error", [Busy("", 120.0), ServerFault("", 120.0)])
def test_a_wait_that_prolific_names_comes_on_top(error, chance):
    chance(lambda low, high: low)
    assert next_try_in(error, 1) == dt.timedelta(seconds=130)


def test_where_prolific_names_none_the_wait_is_ours(chance):
    chance(lambda low, high: high)
    assert next_try_in(Busy(), 1) == dt.timedelta(seconds=20)
