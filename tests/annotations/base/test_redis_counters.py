"""Counters in Redis: atomic, each with an end, under names that mean nothing tomorrow; without Redis they say so."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from annotations.base import redis_counters
from annotations.base.redis_counters import network_pseudonym

FREE, FIRST_WAIT_S = 3, 100


@pytest.fixture(autouse=True)
def redis(settings) -> Redis:
    client: Redis = Redis.from_url(settings.REDIS_URL)
    return client


def attempt() -> int | None:
    return redis_counters.attempt("a-counter", free=FREE, waits_s=(FIRST_WAIT_S, 4 * FIRST_WAIT_S), memory_s=6000)


def test_a_counter_ends_a_window_after_its_first_amount(redis) -> None:
    assert redis_counters.count("a-counter", 30) == (1, 30)
    redis.expire("clarify:a-counter", 4000)
    found = redis_counters.count("a-counter", 30, amount=5)
    assert found and (found.n, round(found.seconds_left, -3)) == (6, 4000)


def test_threads_at_once_lose_no_count() -> None:
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: redis_counters.count("a-counter", 30), range(40)))
    assert sorted(found.n for found in counts if found) == list(range(1, 41))


def test_attempts_wait_twice_as_long_each_time_up_to_a_bound(redis) -> None:
    assert [attempt() for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(4):
        waits.append(attempt() or 0)
        redis.delete("clarify:a-counter:wait")  # the wait is over
        assert attempt() == 0
    assert [round(wait, -2) for wait in waits] == [100, 200, 400, 400]


def test_an_attempt_that_must_wait_does_not_count(redis) -> None:
    for _ in range(50):
        attempt()
    assert redis.get("clarify:a-counter") == b"3"


def test_at_once_no_more_attempts_begin_than_are_free() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: attempt(), range(24))).count(0) == FREE


def test_what_is_forgotten_begins_again() -> None:
    for _ in range(9):
        attempt()
    redis_counters.forget("a-counter")
    assert attempt() == 0


def test_nothing_but_the_tallies_stays_for_ever(redis) -> None:
    for _ in range(9):
        attempt()
    redis_counters.count("another", 30)
    network_pseudonym("203.0.113.7")
    redis_counters.tally("a-tally")
    assert {key for key in redis.keys("clarify:*") if redis.ttl(key) <= 0} == {b"clarify:tallies"}


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("203.0.113.7", "203.0.113.250", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("203.0.113.7", "::ffff:203.0.113.9", True),
        ("2001:db8:1:200::1", "2001:db8:1:2ff:9::1", True),
        ("2001:db8:1:200::1", "2001:db8:1:300::1", False),
        ("fe80::1", "fe80::2%eth0", True),
    ],
)
def test_a_network_is_a_24_or_a_56(one: str, other: str, is_same: bool) -> None:
    assert (network_pseudonym(one) == network_pseudonym(other)) is is_same


def test_a_pseudonym_names_no_address_and_another_tomorrow(redis) -> None:
    today = network_pseudonym("203.0.113.7")
    assert today and re.fullmatch("[0-9a-f]{32}", today)
    redis.delete("clarify:salt")  # as it is after a day
    assert network_pseudonym("203.0.113.7") != today


@pytest.mark.parametrize("address", ["", "unknown", "203.0.113", "203.0.113.7, 10.0.0.1"])
def test_what_is_no_address_has_no_network(address: str) -> None:
    assert network_pseudonym(address) is None


def test_without_redis_each_says_so_and_the_log_once(settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with caplog.at_level(logging.WARNING):
        assert redis_counters.count("a-counter", 30) is None
        assert attempt() is None and network_pseudonym("203.0.113.7") is None
        redis_counters.forget("a-counter")
    assert [record.getMessage() for record in caplog.records] == [
        "counters are suspended for 2 s because Redis failed (ConnectionError)"
    ]
