"""GET /metrics"""

import pytest
from django.test import Client
from django.utils import timezone

from annotations.services import worker_beats
from tests.actors import Visit
from tests.annotations.exports.rows import add_phrase

TOKEN = "a token of twenty characters"


@pytest.fixture(autouse=True)
def _token(settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def test_it_counts_what_waits_and_who_works(alice: Visit, client: Client) -> None:
    add_phrase(alice, "red")
    worker_beats.beat("a:1", ["interactive"], timezone.now(), timezone.now())
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines())
    assert lines["clarify_pending_phrases"] == "1" and lines["clarify_pending_runs"] == "0"
    assert 0 <= float(lines["clarify_oldest_pending_phrases_seconds"]) < 60
    assert lines['clarify_workers_alive{queue="interactive"}'] == "1"
    assert lines['clarify_workers_alive{queue="retrain"}'] == "0"


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", TOKEN[:-1]])
def test_without_the_token_it_is_not_there(db: None, client: Client, given: str) -> None:
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_a_site_without_a_token_has_none(db: None, client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
