"""Every error of the API has one shape, whatever refused."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from annotations.models import Study
from annotations.releases.api import viewsets

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


def test_an_unknown_row_is_404(coordinator_client: Client) -> None:
    assert_error(coordinator_client.get(STUDIES + "nowhere/"), 404, "not_found")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("address", ["/api/v1/nothing/", "/api/v1/", "/api/v1/studies", "/api/v1/assignments/x/"])
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


def test_a_value_that_a_filter_cannot_have_is_400(coordinator_client: Client) -> None:
    error = assert_error(coordinator_client.get("/api/v1/base-models/", {"dataset": "no-number"}), 400, "invalid")
    assert list(error["fields"]) == ["dataset"]  # type: ignore[call-overload]


@pytest.mark.parametrize("value", ["\0", "a" + "\u0301" * 31])
def test_text_that_nothing_can_hold_is_400(coordinator_client: Client, value: str) -> None:
    for parameter in ("dataset", "page", "format", "nothing"):
        assert_error(coordinator_client.get("/api/v1/base-models/", {parameter: value}), 400, "bad_request")


def test_a_page_past_the_end_is_404(coordinator_client: Client) -> None:
    assert_error(coordinator_client.get(STUDIES, {"page": 9}), 404, "not_found")


@pytest.mark.parametrize("address", ["studies/%00/", "tasks/x/", "tasks/99999999999999999999999/"])
def test_a_key_that_no_row_can_have_is_404(coordinator_client: Client, address: str) -> None:
    assert_error(coordinator_client.get(f"/api/v1/{address}"), 404, "not_found")


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


def test_a_refusal_of_a_service_keeps_its_code_and_status(coordinator_client: Client, open_study: Study) -> None:
    """Statistics are computed by a worker; none runs here."""
    assert_error(coordinator_client.get(f"{STUDIES}{open_study.slug}/tables/estimates/"), 409, "analysis_not_ready")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(coordinator_client: Client, method: str, open_study: Study) -> None:
    for address in (STUDIES, f"{STUDIES}{open_study.slug}/", f"{STUDIES}{open_study.slug}/tables/"):
        response = getattr(coordinator_client, method)(address, "[" * 100_000, "application/json")
        assert_error(response, 405, "method_not_allowed")


def test_a_missing_csrf_token_is_403(coordinator_client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = coordinator_client.cookies
    error = assert_error(strict.post(STUDIES, {}, "application/json"), 403, "permission_denied")
    assert "CSRF" in str(error["message"])


def test_no_body_is_read(coordinator_client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)  # the check would read a form's body
    strict.cookies = coordinator_client.cookies
    strict.cookies["csrftoken"] = "t" * 32
    body, kind = "x=" + "x" * 300_000, "application/x-www-form-urlencoded"
    assert_error(strict.post(STUDIES, body, kind), 415, "unsupported_media_type")


def test_a_database_that_is_down_is_left_to_the_middleware(
    coordinator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(viewsets.StudyViewSet, "get_queryset", down)
    response = coordinator_client.get(STUDIES)
    assert_error(response, 503, "unavailable")
    assert int(response["Retry-After"]) >= 1
