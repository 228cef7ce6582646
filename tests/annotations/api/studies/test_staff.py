"""Staff read rows of every kind, page by page, filtered, under pseudonyms."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations.models import Study
from modeling.arrays.phrases.null_level import null_level
from tests.actors import Visit
from tests.annotations.exports.rows import add_phrase, add_run

LISTS = ("studies", "tasks", "sessions", "assignments", "phrases", "runs", "datasets", "base-models")


@pytest.fixture
def worked(alice: Visit, bob: Visit) -> None:
    for visit, value in ((alice, 0.75), (bob, 0.5)):
        add_run(add_phrase(visit, "red squares", value), 0.6)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_is_paged_and_every_row_can_be_fetched(coordinator_client: Client, worked: None, name: str) -> None:
    page = coordinator_client.get(f"/api/v1/{name}/").json()
    assert set(page) == {"count", "next", "previous", "results"}
    assert page["count"] == len(page["results"]) >= 1
    row = page["results"][0]
    key = row.get("public_id") or row.get("slug") or row["id"]
    assert coordinator_client.get(f"/api/v1/{name}/{key}/").json() == row


@pytest.mark.parametrize("name", LISTS)
def test_no_list_shows_ids_from_outside_codes_or_keys(
    coordinator_client: Client, worked: None, alice: Visit, name: str
) -> None:
    text = coordinator_client.get(f"/api/v1/{name}/").content.decode()
    study = Study.objects.get()
    for secret in (*alice.external_ids.values(), study.completion_code, study.pseudonym_key):
        assert secret not in text


@pytest.mark.parametrize("name", LISTS)
def test_no_list_reads_arrays(coordinator_client: Client, worked: None, name: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        coordinator_client.get(f"/api/v1/{name}/")
    for array in ("predictions", "head", "test_predictions", "similarities", "text_embedding"):
        assert not [query for query in captured.captured_queries if f'"{array}"' in query["sql"]]


def test_a_page_is_bounded(coordinator_client: Client, worked: None) -> None:
    first = coordinator_client.get("/api/v1/phrases/", {"page_size": 1}).json()
    assert len(first["results"]) == 1
    assert "page=2" in first["next"]
    assert len(coordinator_client.get("/api/v1/phrases/", {"page_size": 100_000}).json()["results"]) == 2


def test_filters_narrow_a_list(coordinator_client: Client, worked: None, alice: Visit) -> None:
    def count(name: str, **filters: str) -> int:
        return int(coordinator_client.get(f"/api/v1/{name}/", filters).json()["count"])

    assert count("phrases", participant=alice.participant.pseudonym) == 1
    assert count("phrases", study="sprites", state="scored") == 2
    assert count("phrases", study="another") == 0
    assert count("assignments", session=str(alice.session.public_id)) == 1
    assert count("sessions", stage="consent") == 0
    assert count("studies", state="active") == 1
    assert count("runs", assignment=str(alice.assignment.public_id), state="done") == 1


def test_a_phrase_comes_with_its_score_and_run(coordinator_client: Client, worked: None, alice: Visit) -> None:
    phrase = coordinator_client.get("/api/v1/phrases/", {"participant": alice.participant.pseudonym}).json()["results"][
        0
    ]
    run = coordinator_client.get(f"/api/v1/runs/{phrase['run']}/").json()
    assert phrase["score"]["error_score"] == 0.75
    assert phrase["score"]["null_level"] == null_level(15, 9, 1)
    assert (phrase["score"]["tries"], phrase["score"]["sign"], run["sign"]) == (1, 1, 1)
    assert run["worst_group_accuracy"] == 0.6


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(coordinator_client: Client, worked: None, method: str) -> None:
    for name in LISTS:
        assert getattr(coordinator_client, method)(f"/api/v1/{name}/").status_code == 405


def test_a_participant_reads_no_list(alice: Visit) -> None:
    for name in LISTS:
        assert alice.client.get(f"/api/v1/{name}/").status_code == 403
