"""Every error of the API has one shape, whatever refused."""

import logging
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from annotations.api.studies import viewsets
from annotations.models import Study
from tests.actors import Visit

STUDIES = "/api/v1/studies/"


def assert_error(response: Any, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/json"
    document = response.json()
    assert set(document) == {"error"}
    error = document["error"]
    assert set(error) in ({"code", "message"}, {"code", "message", "fields"})
    assert error["code"] == code
    assert error["message"].endswith(".")
    return dict(error)


def phrases_of(visit: Visit) -> str:
    return f"/api/v1/assignments/{visit.assignment.public_id}/phrases/"


def test_an_unknown_row_is_404(coordinator_client: Client) -> None:
    assert_error(coordinator_client.get(STUDIES + "nowhere/"), 404, "not_found")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize(
    "address", ["/api/v1/nothing/", "/api/v1/", "/api/v1/studies", "/api/v1/assignments/x/phrases/"]
)
def test_an_unknown_address_is_404(client: Client, method: str, address: str) -> None:
    assert_error(getattr(client, method)(address), 404, "not_found")


def test_a_method_that_an_address_does_not_take_is_405(coordinator_client: Client) -> None:
    response = coordinator_client.delete(STUDIES)
    assert_error(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]


def test_no_sign_in_is_403(client: Client, db: None) -> None:
    assert_error(client.get(STUDIES), 403, "not_authenticated")


def test_a_person_who_is_no_staff_is_403(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("guest"))
    assert_error(client.get(STUDIES), 403, "permission_denied")


def test_staff_without_a_role_find_nothing(client: Client, open_study: Study) -> None:
    client.force_login(User.objects.create_user("new", is_staff=True))
    assert client.get(STUDIES).json()["count"] == 0
    assert_error(client.get(f"{STUDIES}{open_study.slug}/"), 404, "not_found")


def test_a_filter_that_does_not_exist_is_400_and_named(coordinator_client: Client) -> None:
    error = assert_error(coordinator_client.get(STUDIES, {"pseudonym_key": "x"}), 400, "invalid")
    assert error["fields"] == {"pseudonym_key": ["This filter does not exist."]}


@pytest.mark.parametrize("value", ["no-number", "\0"])
def test_a_value_that_a_filter_cannot_have_is_400(coordinator_client: Client, value: str) -> None:
    error = assert_error(coordinator_client.get("/api/v1/base-models/", {"dataset": value}), 400, "invalid")
    assert list(error["fields"]) == ["dataset"]  # type: ignore[call-overload]


def test_a_page_past_the_end_is_404(coordinator_client: Client) -> None:
    assert_error(coordinator_client.get(STUDIES, {"page": 9}), 404, "not_found")


def test_a_field_that_is_missing_is_400_and_named(alice: Visit) -> None:
    error = assert_error(alice.client.post(phrases_of(alice), {}, "application/json"), 400, "invalid")
    assert error["fields"] == {"client_uuid": ["This field is required."], "text": ["This field is required."]}


@pytest.mark.parametrize("address", ["studies/%00/", "tasks/x/", "tasks/99999999999999999999999/"])
def test_a_key_that_no_row_can_have_is_404(coordinator_client: Client, address: str) -> None:
    assert_error(coordinator_client.get(f"/api/v1/{address}"), 404, "not_found")


@pytest.mark.parametrize("body", ["[]", "null", "5", '"red"', "[1]", '{"client_uuid": 5, "text": {}}'])
def test_a_body_of_another_shape_is_400(alice: Visit, body: str) -> None:
    assert_error(alice.client.post(phrases_of(alice), body, "application/json"), 400, "invalid")


@pytest.mark.parametrize("text", ["\\ud800", "a\\u0000b", "a\\nb"])
def test_text_with_control_characters_is_400_and_not_stored(alice: Visit, text: str) -> None:
    body = f'{{"client_uuid": "{uuid.uuid4()}", "text": "{text}"}}'
    response = alice.client.post(phrases_of(alice), body, "application/json")
    assert response.status_code == 400
    assert not alice.assignment.phrases.exists()


def test_a_body_that_is_not_json_is_400(alice: Visit) -> None:
    assert_error(alice.client.post(phrases_of(alice), "{", "application/json"), 400, "malformed")


@pytest.mark.parametrize("checks_csrf", [False, True])  # the check reads the body earlier than the view does
def test_a_body_that_nests_too_deeply_is_400(alice: Visit, checks_csrf: bool) -> None:
    client, token = Client(enforce_csrf_checks=checks_csrf), "t" * 32
    client.cookies = alice.client.cookies
    client.cookies["csrftoken"] = token
    headers = {"X-CSRFToken": token}
    response = client.post(phrases_of(alice), "[" * 100_000, "application/json", headers=headers)
    assert_error(response, 400, "malformed")


def test_a_body_that_is_too_big_is_413(alice: Visit) -> None:
    body = {"client_uuid": str(uuid.uuid4()), "text": "x" * 300_000}
    assert_error(alice.client.post(phrases_of(alice), body, "application/json"), 413, "too_big")


def test_a_form_is_415(alice: Visit) -> None:
    response = alice.client.post(phrases_of(alice), {"text": "red"})
    assert_error(response, 415, "unsupported_media_type")


def test_a_refusal_of_a_service_keeps_its_code_and_status(alice: Visit) -> None:
    body = {"client_uuid": str(uuid.uuid4()), "text": "?!"}
    response = alice.client.post(phrases_of(alice), body, "application/json")
    assert_error(response, 400, "phrase_only_punctuation")


def test_a_closed_study_is_409(alice: Visit) -> None:
    Study.objects.update(state="closed", closed_at="2026-01-01T00:00Z")
    body = {"client_uuid": str(uuid.uuid4()), "text": "red"}
    assert_error(alice.client.post(phrases_of(alice), body, "application/json"), 409, "study_not_open")


def test_a_missing_csrf_token_is_403(alice: Visit) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = alice.client.cookies
    body = {"client_uuid": str(uuid.uuid4()), "text": "red"}
    error = assert_error(strict.post(phrases_of(alice), body, "application/json"), 403, "permission_denied")
    assert "CSRF" in str(error["message"])
    assert not alice.assignment.phrases.exists()


def test_a_bug_is_500_without_its_details_and_is_logged(
    coordinator_client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(viewsets.StudyViewSet, "get_queryset", broken)
    coordinator_client.raise_request_exception = False
    with caplog.at_level(logging.ERROR):
        response = coordinator_client.get(STUDIES)
    error = assert_error(response, 500, "server_error")
    assert "secret" not in str(error)
    assert "a secret of the inside" in caplog.text


def test_a_database_that_is_down_is_left_to_the_middleware(alice: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("annotations.services.phrases.assignments.lock", down)
    body = {"client_uuid": str(uuid.uuid4()), "text": "red"}
    response = alice.client.post(phrases_of(alice), body, "application/json")
    assert_error(response, 503, "unavailable")
    assert int(response["Retry-After"]) >= 1
