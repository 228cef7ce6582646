"""Staff read what studies are made of, page by page and filtered; rows of people are in the tables."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotations.log.identities import key_of
from annotations.models import BaseModel, Dataset, Study
from tests.support.actors import Visit, create_study
from tests.support.rows import add_phrase, add_run

LISTS = ("studies", "tasks", "datasets", "base-models")
GONE = ("sessions", "assignments", "phrases", "runs")  # since the tables of a study have their rows


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
    key = row.get("slug") or row["id"]
    assert coordinator_client.get(f"/api/v1/{name}/{key}/").json() == row


@pytest.mark.parametrize("name", LISTS)
def test_no_list_shows_ids_from_outside_codes_or_keys(
    coordinator_client: Client, worked: None, alice: Visit, name: str
) -> None:
    text = coordinator_client.get(f"/api/v1/{name}/").content.decode()
    study = Study.objects.get()
    for secret in (*alice.external_ids.values(), study.completion_code, key_of(study).decode()):
        assert secret not in text


@pytest.mark.parametrize("name", LISTS)
def test_no_list_reads_arrays(coordinator_client: Client, worked: None, name: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        coordinator_client.get(f"/api/v1/{name}/")
    for array in ("predictions", "similarities", "text_embedding"):
        assert not [query for query in captured.captured_queries if f'"{array}"' in query["sql"]]


def test_a_page_is_bounded(coordinator_client: Client, base_model: BaseModel) -> None:
    for number in range(201):
        create_study(base_model, f"study-{number}")
    first = coordinator_client.get("/api/v1/studies/", {"page_size": 1}).json()
    assert len(first["results"]) == 1
    assert "page=2" in first["next"]
    assert len(coordinator_client.get("/api/v1/studies/", {"page_size": 200}).json()["results"]) == 200
    assert coordinator_client.get("/api/v1/studies/", {"page_size": 201}).status_code == 400


def test_filters_narrow_a_list(coordinator_client: Client, worked: None) -> None:
    def count(of: str, **filters: str) -> int:
        return int(coordinator_client.get(f"/api/v1/{of}/", filters).json()["count"])

    assert (count("studies", state="active"), count("studies", state="closed")) == (1, 0)
    assert (count("tasks", study="sprites"), count("tasks", study="another")) == (1, 0)
    assert (count("datasets", name="sprites-like"), count("datasets", name="birds")) == (1, 0)
    assert (count("base-models", name="by colour"), count("base-models", name="other")) == (1, 0)
    assert count("base-models", dataset=str(Dataset.objects.get().pk)) == 1


@pytest.mark.parametrize("name", GONE)
def test_rows_of_people_are_in_the_tables_alone(coordinator_client: Client, worked: None, name: str) -> None:
    for address in (f"/api/v1/{name}/", f"/api/v1/{name}/1/"):
        response = coordinator_client.get(address)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
    assert coordinator_client.get(f"/api/v1/studies/sprites/tables/{name}/").json()["count"] == 2


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(coordinator_client: Client, worked: None, method: str) -> None:
    for name in LISTS:
        assert getattr(coordinator_client, method)(f"/api/v1/{name}/").status_code == 405


def test_a_participant_reads_no_list(alice: Visit) -> None:
    for name in LISTS:
        assert alice.client.get(f"/api/v1/{name}/").status_code == 403
