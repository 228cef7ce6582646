"""GET /metrics"""

import datetime as dt
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotations.models import DatasetImport, Phrase, Score
from annotations.monitoring.metrics import families
from annotations.pages.request_metrics import NAME
from annotations.queue.heartbeats import store_heartbeat
from tests.support.actors import Visit
from tests.support.rows import add_phrase
from tests.support.steps import end, submit_and_score
from worker.runs.run_training import train_due_runs

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


def test_it_counts_what_waits_and_who_works(stopped_clock: None, alice: Visit, client: Client) -> None:
    add_phrase(alice, "red")
    store_heartbeat(["interactive"], timezone.now(), process="a:1", started_at=timezone.now())
    found = read(client)
    assert found["clarify_pending_phrases"] == 1 and found["clarify_pending_runs"] == 0
    assert found["clarify_oldest_pending_phrases_seconds"] == 0
    assert found['clarify_pending_jobs{kind="release"}'] == 0
    assert found['clarify_workers_alive{queue="interactive"}'] == 1
    assert found['clarify_workers_alive{queue="retrain"}'] == 0
    assert found['clarify_workers_silent_seconds{queue="interactive"}'] == 0
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


def test_it_counts_jobs_that_wait_by_their_kind(stopped_clock: None, client: Client, db: None) -> None:
    DatasetImport.objects.create(name="birds", folder="birds", requested_by="ada")
    DatasetImport.objects.update(created_at=timezone.now() - dt.timedelta(minutes=2))
    found = read(client)
    assert found['clarify_pending_jobs{kind="datasetimport"}'] == 1
    assert found['clarify_oldest_pending_job_seconds{kind="datasetimport"}'] == 120
    assert 'clarify_oldest_pending_job_seconds{kind="release"}' not in found


def test_it_counts_phrases_that_were_sent_again(alice: Visit, client: Client) -> None:
    before = read(client)["clarify_duplicate_phrases_total"]
    phrase = {"client_uuid": str(uuid.uuid4()), "text": "red"}
    for _ in range(3):
        alice.client.post(f"/visit/tasks/{alice.assignment.public_id}/phrases", phrase)
    assert read(client)["clarify_duplicate_phrases_total"] == before + 2


def test_it_counts_what_retraining_took(alice: Visit, client: Client) -> None:
    before = read(client)
    submit_and_score(alice, "red")
    end(alice)
    assert train_due_runs()
    after = read(client)
    assert after["clarify_solved_runs_total"] == before["clarify_solved_runs_total"] + 1
    assert after["clarify_solver_seconds_total"] > before["clarify_solver_seconds_total"]


def test_it_counts_requests_by_the_name_of_their_address_and_their_answer(db: None, client: Client) -> None:
    def counted(labels: str) -> float:
        return read(client).get(f"{NAME}_count{{{labels}}}", 0)

    looked, unknown = 'method="GET",status="200",view="livez"', 'method="other",status="404",view="none"'
    before = counted(looked), counted(unknown)
    client.get("/livez")
    client.generic("MALLORY", "/nowhere/5f0000000000000000000001")
    assert (counted(looked), counted(unknown)) == (before[0] + 1, before[1] + 1)
    assert "MALLORY" not in text_of(client) and "5f00000" not in text_of(client)


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", TOKEN[:-1]])
def test_without_the_token_it_is_not_there(db: None, client: Client, given: str) -> None:
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_a_site_without_a_token_has_none(db: None, client: Client, settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_operations_page_has_each_by_its_name_with_its_type_its_labels_and_its_meaning(
    db: None, client: Client
) -> None:
    said = re.findall(r"^# HELP (\w+) (.+)\n# TYPE \1 (\w+)$", text_of(client), re.M)
    page = (Path(__file__).parents[4] / "docs" / "operators" / "operations.md").read_text("utf-8")
    documented = re.findall(r"^\| `(clarify_\w+)`(?: by ([\w, ]+))? \| (\w+) \| (.+) \|$", page, re.M)
    of_site: Any = families(timezone.now(), {})
    labels = {each.name: ", ".join(each._labelnames) for each in of_site if each.type == "gauge"}
    labels[NAME] = "method, view, status"
    assert documented == [(name, labels.get(name, ""), kind, meaning) for name, meaning, kind in said]
    assert len(said) >= 20
