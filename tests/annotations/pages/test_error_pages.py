"""What the staff read where something went wrong: a page of theirs, with a way on, without the database."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from annotations.models import Role, Study, StudyMember
from annotations.pages import error_pages

NOBODY_S = "/admin/annotations/study/999/change/"


def failing(error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise error

    return fail


def read(response: Any) -> tuple[int, str, str]:
    """Status, heading, and where its one button leads."""
    page = BeautifulSoup(response.content, "html.parser")
    assert "study, open its link again" not in page.text, "that is for participants"
    (way_on,) = page.select("a.act.first")
    return response.status_code, page.select("h1")[0].text, str(way_on["href"])


@pytest.mark.parametrize("address", [NOBODY_S.replace("change", "preflight"), "/admin/nowhere/"])
def test_an_address_that_leads_nowhere(coordinator_client: Client, address: str) -> None:
    assert read(coordinator_client.get(address)) == (404, "Page not found", "/admin/")


def test_a_study_in_which_one_has_no_role(draft_study: Study) -> None:
    client = Client()
    client.force_login(User.objects.create_user("ana", is_staff=True))
    assert read(client.get(f"/admin/annotations/study/{draft_study.pk}/preflight/"))[0] == 404


def test_what_is_not_part_of_a_role(draft_study: Study) -> None:
    analyst = User.objects.create_user("ana", is_staff=True)
    StudyMember.objects.create(study=draft_study, user=analyst, role=Role.ANALYST)
    client = Client()
    client.force_login(analyst)
    response = client.get("/admin/annotations/study/add/")
    assert read(response) == (403, "Your role does not allow this", "/admin/")


def test_a_form_that_was_open_too_long(coordinator: User, draft_study: Study) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    response = client.post(f"/admin/annotations/study/{draft_study.pk}/step/open/")
    assert read(response) == (403, "Please send the form again", "/admin/")
    draft_study.refresh_from_db()
    assert draft_study.state == "draft"


@pytest.mark.parametrize(
    ("error", "status", "heading"),
    [
        (ZeroDivisionError(), 500, "Something went wrong"),
        (OperationalError("gone"), 503, "One moment, please"),
        (BadRequest("odd"), 400, "The request is invalid"),
    ],
)
def test_an_error_in_a_page(
    coordinator_client: Client,
    draft_study: Study,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    heading: str,
) -> None:
    monkeypatch.setattr("annotations.site.study_admin.not_right", failing(error))
    coordinator_client.raise_request_exception = False
    response = coordinator_client.get(f"/admin/annotations/study/{draft_study.pk}/step/open/")
    assert read(response) == (status, heading, "/admin/")
    assert response.headers.get("Retry-After") == ("5" if status == 503 else None)


def test_the_page_of_an_outage_asks_nothing_of_the_database(coordinator_client: Client) -> None:
    request = coordinator_client.get("/admin/").wsgi_request
    request.csp_nonce = "n"  # type: ignore[attr-defined]  # the middleware's
    request.user = SimpleLazyObject(lambda: get_user(request))  # type: ignore[assignment]  # nobody was looked up yet
    with CaptureQueriesContext(connection) as asked:
        response = error_pages.database_outage(request)
    assert (response.status_code, len(asked)) == (503, 0)


def test_participants_keep_their_own(client: Client, db: None) -> None:
    assert b"open its link again" in client.get("/nowhere").content
