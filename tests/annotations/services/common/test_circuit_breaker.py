"""A quiet spell begins where something did not answer, and ends by itself."""

import time

import pytest

from annotations.services.common.circuit_breaker import QuietSpell


def test_it_lasts_from_its_beginning_for_so_many_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    spell = QuietSpell(seconds=2.0)
    assert not spell.lasts()
    spell.begin()
    now = 101.9
    assert spell.lasts()
    now = 102.0
    assert not spell.lasts()


def test_one_does_not_silence_another() -> None:
    broker, redis = QuietSpell(seconds=60.0), QuietSpell(seconds=60.0)
    broker.begin()
    assert broker.lasts() and not redis.lasts()
