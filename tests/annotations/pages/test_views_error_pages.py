"""Pages for what went wrong."""

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from annotations.models import AnnotationSession, Phrase
from annotations.phrases import phrase_submission
from tests.support.actors import Visit
from tests.support.views_pages import one, say, shown, task_url, tree


def failing(error: Exception) -> object:
    def fail(*args: object, **kwargs: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_a_database_that_is_out_answers_503_and_the_retry_makes_one_row(
    alice: Visit, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(phrase_submission, "submit", failing(error))
        response = say(alice, "red")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "Nothing is counted twice" in tree(response).text
    assert say(alice, "red").status_code == 303
    assert Phrase.objects.count() == 1


def test_a_database_that_goes_while_the_session_is_stored_answers_503_too(
    alice: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_response", failing(OperationalError("gone"))
    )
    alice.client.raise_request_exception = False
    response = alice.client.get(task_url(alice))
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_an_error_nobody_foresaw_is_a_page(alice: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrase_submission, "submit", failing(ZeroDivisionError()))
    alice.client.raise_request_exception = False
    response = say(alice, "red")
    assert response.status_code == 500
    assert "on our side" in tree(response).text


def test_an_address_that_leads_nowhere_is_a_page(client: Client, db: None) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert shown(one(response, "h1")) == "Page not found"


def test_a_form_that_was_open_too_long_leads_back_to_the_visit(alice: Visit) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = alice.client.cookies
    response = client.post(task_url(alice, "done"), {"sure": "yes"})
    assert response.status_code == 403
    assert one(response, "main a.button")["href"] == "/visit/"


def test_the_api_gets_its_own_shape(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_response", failing(OperationalError("gone"))
    )
    client.raise_request_exception = False
    response = client.get("/api/v1/studies/")
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "unavailable"


def test_what_a_service_refuses_is_a_page_with_a_way_on(alice: Visit) -> None:
    response = alice.client.post("/visit/end")
    assert response.status_code == 409
    assert one(response, "main a.button")["href"] == "/visit/"
    assert AnnotationSession.objects.get().outcome == ""
