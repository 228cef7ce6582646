"""A circuit breaker opens after a service failed to answer, and closes by itself."""

import time

import pytest

from annotations.base.circuit_breaker import CircuitBreaker


def test_it_is_open_for_so_many_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    circuit = CircuitBreaker(seconds=2.0)
    assert not circuit.is_open()
    circuit.open()
    now = 101.9
    assert circuit.is_open()
    now = 102.0
    assert not circuit.is_open()


def test_one_does_not_open_another() -> None:
    broker, redis = CircuitBreaker(seconds=60.0), CircuitBreaker(seconds=60.0)
    broker.open()
    assert broker.is_open() and not redis.is_open()
