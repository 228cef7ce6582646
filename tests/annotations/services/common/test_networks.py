"""Where a request comes from: told apart for a day, by a key that says nothing of an address."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest
from redis import Redis

from annotations.services.common import networks
from annotations.services.common.networks import UNKNOWN, network_key, network_of

HOME, NEIGHBOUR, ELSEWHERE = "203.0.113.7", "203.0.113.250", "198.51.100.7"


@pytest.fixture(autouse=True)
def redis(settings) -> Iterator[Redis]:
    networks.redis_circuit.close()
    networks._redis.cache_clear()
    broker = Redis.from_url(settings.REDIS_URL)
    broker.delete("clarify:network-salt")
    yield broker
    networks._redis.cache_clear()


def asked_from(address: str, **headers: str) -> HttpRequest:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": address, **headers}
    return request


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (HOME, "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:0:12ff:1:2:3:4", "2001:db8:0:1200::/56"),
        ("", UNKNOWN),
        ("/run/gunicorn.sock", UNKNOWN),
    ],
)
def test_a_network_is_what_one_customer_has(address: str, network: str) -> None:
    assert network_of(asked_from(address)) == network


def test_without_a_proxy_nobody_chooses_their_network(settings) -> None:
    settings.BEHIND_PROXY = False
    assert network_of(asked_from(HOME, HTTP_X_FORWARDED_FOR=ELSEWHERE)) == "203.0.113.0/24"


@pytest.mark.parametrize(
    ("forwarded", "proxies", "network"),
    [
        (HOME, 1, "203.0.113.0/24"),
        (f"{ELSEWHERE}, 10.0.0.1,{HOME}", 1, "203.0.113.0/24"),
        (f"{ELSEWHERE}, {HOME}, 10.0.0.1", 2, "203.0.113.0/24"),
        (HOME, 2, UNKNOWN),
        (f"{HOME}, nonsense", 1, UNKNOWN),
        ("", 1, UNKNOWN),
    ],
)
def test_behind_a_proxy_what_the_caller_wrote_counts_for_nothing(
    settings, forwarded: str, proxies: int, network: str
) -> None:
    settings.BEHIND_PROXY, settings.PROXY_COUNT = True, proxies
    assert network_of(asked_from("127.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)) == network


def test_neighbours_have_one_key_and_others_another() -> None:
    home, neighbour, elsewhere = (network_key(asked_from(each)) for each in (HOME, NEIGHBOUR, ELSEWHERE))
    assert home == neighbour != elsewhere
    assert home is not None and len(home) == 64


def test_redis_holds_a_salt_for_a_day_and_no_address(redis: Redis) -> None:
    key = network_key(asked_from(HOME))
    assert 0 < redis.ttl("clarify:network-salt") <= networks.SALT_LIVES_S
    salt: Any = redis.get("clarify:network-salt")
    assert len(salt) == 32 and HOME.encode() not in salt
    redis.delete("clarify:network-salt")
    assert network_key(asked_from(HOME)) not in (key, None)


def test_without_redis_there_is_no_key_and_the_log_says_so_once_without_an_address(
    settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with caplog.at_level(logging.WARNING, networks.__name__):
        assert [network_key(asked_from(HOME)) for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1 and "203.0" not in caplog.text
