"""What the API answers to a browser that is signed in is kept by nobody."""

import pytest
from django.test import Client

from annotations.models import Study
from tests.access.matrix import API

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["studies/", "studies/sprites/", "studies/sprites/tables/phrases/?format=csv"])
def test_an_answer_to_a_cookie_is_not_to_be_stored(coordinator_client: Client, open_study: Study, path: str) -> None:
    assert coordinator_client.get(f"/api/v1/{path}")["Cache-Control"] == "no-store"


def test_neither_is_the_refusal_to_somebody_unknown(client: Client) -> None:
    answer = client.get("/api/v1/studies/")
    assert answer.status_code in {401, 403} and answer["Cache-Control"] == "no-store"


def test_what_is_the_same_for_everybody_may_be(client: Client) -> None:
    assert "api/v1/schema/" in API
    assert client.get("/api/v1/schema/")["Cache-Control"].startswith("public")
