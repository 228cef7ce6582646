"""No test finds what another one left: language, limit of CSV fields, counters, requests, hooks, withdrawals."""

import csv
import os
import shutil
from collections.abc import Generator, Iterator
from threading import Event

import pytest
from django.conf import settings
from django.utils import translation
from redis import Redis

from annotations.base import redis_counters
from annotations.base.redis_counters import redis_circuit
from annotations.prolific import site_client as prolific_client
from annotations.queue.worker_wakeup import broker_circuit
from tests.support import under_way

LONGEST_CSV_FIELD = csv.field_size_limit()
larger_fixtures_ran = Event()  # since the last test
FORGET_COUNTERS = "for _, key in ipairs(redis.call('KEYS', 'clarify:*')) do redis.call('DEL', key) end"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let those come last that report to Sentry: its hooks stay in the process, around each query and request."""
    items.sort(key=lambda item: "sentry" in getattr(item, "fixturenames", ()))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """A request activates its language for its thread, which here is the one of the next test.

    A library that reads CSV (frictionless) allows longer fields in the whole process.
    """
    try:
        return (yield)
    finally:
        translation.deactivate()
        csv.field_size_limit(LONGEST_CSV_FIELD)
        if settings.WITHDRAWALS_ROOT.exists():  # its rows are rolled back, and their numbers come again
            shutil.rmtree(settings.WITHDRAWALS_ROOT)


def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> None:
    if fixturedef.scope != "function":
        larger_fixtures_ran.set()


def pytest_fixture_post_finalizer(fixturedef: pytest.FixtureDef[object]) -> None:
    if fixturedef.scope != "function":
        larger_fixtures_ran.set()


@pytest.fixture(scope="session")
def _redis_of_the_tests() -> Redis:
    client: Redis = Redis.from_url(os.environ["REDIS_URL"])
    return client


@pytest.fixture(scope="session", autouse=True)
def _redis_is_waited_for() -> Iterator[None]:
    """A busy machine may take longer to answer than a person should wait, and counters would be suspended."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(redis_counters, "MAX_WAIT_S", 60.0)
        yield


@pytest.fixture(autouse=True)
def _no_test_before_is_remembered(_redis_of_the_tests: Redis) -> Iterator[None]:
    """A message sent a moment ago would not be sent again, a Redis taken away not be asked, a network be full.

    Nor is this one, by what the next module stores before its tests.
    """

    def forget() -> None:
        for circuit in (redis_circuit, broker_circuit, prolific_client.prolific_circuit):
            circuit.close()
        _redis_of_the_tests.eval(FORGET_COUNTERS, 0)

    if larger_fixtures_ran.is_set():  # nothing else did since a test before forgot
        forget()
    yield
    larger_fixtures_ran.clear()
    forget()


@pytest.fixture(autouse=True)
def _no_request_is_under_way_when_the_database_is_emptied(
    _no_test_before_is_remembered: None, request: pytest.FixtureRequest
) -> Iterator[None]:
    """A page that was closed may have asked for something a moment before. Its counters are forgotten too."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")  # it is emptied after this fixture ends
    with under_way.counted() as requests:
        yield
        requests.wait_until_idle()
