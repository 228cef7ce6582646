"""The OpenAPI schema, and its page in a real browser under the site's content policy."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from pytest_django.live_server_helper import LiveServer

from annotations.pages.api import schema_pages as docs
from annotations.pages.api.schema_pages import SchemaView
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_openapi_and_describes_every_address(client: Client) -> None:
    schema = client.get("/api/v1/schema/", {"format": "json"}).json()
    validate_schema(schema)
    for part in ("export/", "tables/", "tables/{name}/", "releases/", "releases/{number}/file/"):
        assert f"/api/v1/studies/{{slug}}/{part}" in schema["paths"]
    assert all(set(operations) == {"get"} for operations in schema["paths"].values())
    assert set(schema["paths"]["/api/v1/studies/{slug}/export/"]["get"]["responses"]) == {"200", "4XX"}
    table = schema["paths"]["/api/v1/studies/{slug}/tables/{name}/"]["get"]
    filters = {parameter["name"] for parameter in table["parameters"] if parameter["in"] == "query"}
    assert filters >= {"page", "page_size", "format", "include", "session", "participant", "task", "state", "is_chosen"}
    tasks = {parameter["name"] for parameter in schema["paths"]["/api/v1/tasks/"]["get"]["parameters"]}
    assert tasks == {"page", "page_size", "study"}


def test_making_the_schema_gives_no_warning(capfd: pytest.CaptureFixture[str], client: Client) -> None:
    client.get("/api/v1/schema/")
    assert "Warning" not in capfd.readouterr().err


def test_the_schema_is_made_once_for_each_format_and_kept_by_caches(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    make = SchemaView.generator_class.get_schema

    def counted(*args: Any, **options: Any) -> Any:
        made.append(1)
        return make(*args, **options)

    monkeypatch.setattr(SchemaView.generator_class, "get_schema", counted)
    docs._document.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [({"format": "json"}, ""), ({"format": "json", "lang": "de"}, "de"), ({}, "fr"), ({"version": "2"}, "")]
        answers = list(pool.map(lambda one: client.get("/api/v1/schema/", one[0]), asked * 4))
    assert len(made) == 2 and len({answer.content for answer in answers}) == 2
    assert {answer["Cache-Control"] for answer in answers} == {"public, max-age=3600"}
    assert not any("Cookie" in answer["Vary"] for answer in answers)  # it is the same for everybody


@pytest.mark.django_db(transaction=True)
def test_the_page_shows_the_api_and_nothing_is_blocked(live_server: LiveServer, chromium: Chromium) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        page.goto(f"{live_server.url}/api/v1/docs/")
        page.get_by_text("/api/v1/studies/{slug}/export/").first.click()
        page.get_by_text("The study's export, as the command export_study writes it.").first.wait_for()


def test_the_page_loosens_nothing_of_the_policy(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    assert "unsafe" not in page["Content-Security-Policy"]
    assert page["Content-Security-Policy"] == client.get("/study/nowhere/")["Content-Security-Policy"]
