"""GET /metrics"""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from annotations.models import Phrase, Score
from annotations.readings.monitoring import metrics
from annotations.services.queue.heartbeats import WorkerProcess, store_heartbeat
from tests.actors import Visit
from tests.annotations.exports.rows import add_phrase

METRICS = [value for value in vars(metrics).values() if isinstance(value, metrics.Metric)]
TOKEN = "a token of twenty characters"


@pytest.fixture(autouse=True)
def _token(settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def text_of(client: Client) -> str:
    return client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()


def read(client: Client) -> dict[str, float]:
    """The numbers by name and label."""
    lines = [line.rsplit(" ", 1) for line in text_of(client).splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def scored(visit: Visit, at: dt.datetime, *, after_s: float, encode_ms: float) -> None:
    """A phrase that was scored then, some seconds after it came."""
    phrase = add_phrase(visit, "red", 0.5)
    Phrase.objects.filter(pk=phrase.pk).update(submitted_at=at - dt.timedelta(seconds=after_s))
    Score.objects.filter(phrase=phrase).update(scored_at=at, encode_ms=encode_ms)


def test_it_counts_what_waits_and_who_works(alice: Visit, client: Client) -> None:
    add_phrase(alice, "red")
    store_heartbeat(WorkerProcess("a:1", timezone.now()), ["interactive"], timezone.now())
    found = read(client)
    assert found["clarify_pending_phrases"] == 1 and found["clarify_pending_runs"] == 0
    assert 0 <= found["clarify_oldest_pending_phrases_seconds"] < 60
    assert found['clarify_workers_alive{queue="interactive"}'] == 1
    assert found['clarify_workers_alive{queue="retrain"}'] == 0
    assert 0 <= found['clarify_workers_silent_seconds{queue="interactive"}'] < 60
    assert 'clarify_workers_silent_seconds{queue="retrain"}' not in found


def test_it_tells_how_scoring_went_in_the_last_minutes(alice: Visit, client: Client) -> None:
    now = timezone.now()
    for _ in range(3):
        scored(alice, now, after_s=2, encode_ms=40)  # one batch
    scored(alice, now - dt.timedelta(seconds=5), after_s=4, encode_ms=0)  # its text was known
    scored(alice, now - dt.timedelta(minutes=6), after_s=100, encode_ms=900)  # too long ago
    found = read(client)
    assert found["clarify_scored_phrases"] == 4
    assert found['clarify_score_seconds{quantile="0.5"}'] == 2
    assert found['clarify_score_batch_phrases{quantile="0.5"}'] == 2  # of batches of 3 and 1
    assert found['clarify_encode_seconds{quantile="0.95"}'] == 0.04


def test_without_scores_there_are_no_times(client: Client, db: None) -> None:
    found = read(client)
    assert found["clarify_scored_phrases"] == 0
    assert not any(name.startswith(("clarify_score_", "clarify_encode")) for name in found)


def test_each_has_its_meaning_and_its_type_before_its_numbers(alice: Visit, client: Client) -> None:
    scored(alice, timezone.now(), after_s=2, encode_ms=40)
    store_heartbeat(WorkerProcess("a:1", timezone.now()), ["interactive"], timezone.now())
    names = []
    for line in text_of(client).splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            assert kind == "gauge"
            names.append(name)
        elif not line.startswith("#"):
            assert line.split("{")[0].split()[0] == names[-1]
    assert names == [metric.name for metric in METRICS]


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", TOKEN[:-1]])
def test_without_the_token_it_is_not_there(db: None, client: Client, given: str) -> None:
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_a_site_without_a_token_has_none(db: None, client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_operations_page_has_each_by_its_name_with_its_meaning() -> None:
    page = (Path(__file__).parents[4] / "docs" / "operations.md").read_text("utf-8")
    documented = re.findall(r"^\| `(clarify_\w+)`(?: by \w+)? \| gauge \| (.+) \|$", page, re.M)
    assert documented == [(metric.name, metric.meaning) for metric in METRICS]
