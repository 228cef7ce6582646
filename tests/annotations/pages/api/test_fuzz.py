"""Whatever is asked of the API, the answer is no fault of the server, and every error has the one shape."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.models import Study
from annotations.site.api_urls import urlpatterns
from tests.support.actors import Visit
from tests.support.rows import add_phrase, add_run

pytestmark = pytest.mark.django_db

_WORDS = st.one_of(
    st.sampled_from(
        [
            "sprites",
            "phrases",
            "summary",
            "1",
            "0",
            "-1",
            "999999999999999999999",
            "%00",
            "%ED%A0%80",
            "true",
            "csv",
            "json",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.uuids().map(str),
)
_NAMES = st.sampled_from(
    ["page", "page_size", "format", "task", "state", "participant", "study", "include", "run", "measure", "x", "kind"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["client_uuid", "text", "a"]), inner),
    max_leaves=6,
)


def _names(patterns: list[Any]) -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        found += _names(pattern.url_patterns) if isinstance(pattern, URLResolver) else [str(pattern.pattern)]
    return found


@pytest.fixture
def worked(open_study: Study, alice: Visit) -> Study:
    add_run(add_phrase(alice, "red", 0.5), 0.75)
    return open_study


def checked(response) -> None:
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert response["Content-Type"] == "application/json"
        error = response.json()["error"]
        assert {"code", "message"} <= error.keys() <= {"code", "message", "fields"}
    elif response.streaming:
        b"".join(response)


_fuzz = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_fuzz
@given(
    place=st.sampled_from(
        ["studies/sprites/tables/", "studies/sprites/releases/", "studies/", "tasks/", "datasets/", "base-models/"]
    ),
    rest=st.lists(_WORDS, max_size=2),
    query=st.dictionaries(_NAMES, _WORDS, max_size=3),
)
def test_no_address_and_no_parameter_breaks_reading(
    worked: Study, coordinator_client: Client, place: str, rest: list[str], query: dict[str, str]
) -> None:
    parts = "".join(f"{part}/" for part in rest if "/" not in part and part not in {".", ".."})
    checked(coordinator_client.get(f"/api/v1/{place}{parts}", query))


def test_every_route_of_the_api_is_read_above() -> None:
    starts = {name.lstrip("^").split("/")[0] for name in _names(urlpatterns)}
    assert starts == {
        "schema",
        "docs",
        "studies",
        "tasks",
        "datasets",
        "base-models",
        "",
    }
