"""Tokens of the staff's programs: shown once, kept as a digest, reading only, and worth what their sign-in is worth."""

import datetime as dt
import hashlib
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import AccessToken, AuditRecord, Role, Study
from annotations.staff import access_tokens
from tests.annotations.pages.test_in_a_browser import sign_in
from tests.support.accessibility import assert_no_violations
from tests.support.actors import Visit
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.views_pages import one, tree

PAGE, STUDIES = "/admin/tokens/", "/api/v1/studies/"


@pytest.fixture
def analyst(open_study: Study) -> User:
    user = User.objects.create_user("ana", password="a long password", is_staff=True)
    open_study.members.create(user=user, role=Role.ANALYST)
    return user


def token_of(user: User, *, is_verified: bool = False) -> str:
    signed_in: Any = User.objects.get(pk=user.pk)
    signed_in.is_verified = lambda: is_verified
    return access_tokens.create(signed_in, name="notebook", days=30)[1]


def program(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def refused(token: str) -> bool:
    response = program(token).get(STUDIES)
    return response.status_code == 403 and response.json()["error"]["code"] == "token_not_valid"


def test_a_token_reads_the_studies_of_its_person(analyst: User, open_study: Study, draft_study: Study) -> None:
    found = program(token_of(analyst)).get(STUDIES).json()["results"]
    assert [study["slug"] for study in found] == [open_study.slug]


def test_a_token_is_shown_once_and_stored_as_its_digest(client: Client, analyst: User) -> None:
    client.force_login(analyst)
    text = str(one(client.post(PAGE, {"name": "notebook", "days": "90"}), "#token")["value"])
    token = AccessToken.objects.get()
    assert token.digest == hashlib.sha256(text.encode()).hexdigest()
    assert text not in repr(AccessToken.objects.values())
    assert token.expires_at - token.created_at == dt.timedelta(days=90)
    assert text not in client.get(PAGE).content.decode()
    assert program(text).get(STUDIES).status_code == 200


def test_making_and_revoking_stand_in_the_audit_log(client: Client, analyst: User) -> None:
    client.force_login(analyst)
    text = str(one(client.post(PAGE, {"name": "notebook", "days": "30"}), "#token")["value"])
    button = one(client.get(PAGE), "button[name=revoke]")
    client.post(PAGE, {"revoke": button["value"]})
    assert refused(text)
    acts = list(
        AuditRecord.objects.filter(act__startswith="token").order_by("pk").values_list("act", "actor", "subject")
    )
    assert acts == [("token_created", "ana", "notebook"), ("token_revoked", "ana", "notebook")]
    assert text not in repr(AuditRecord.objects.values())


def test_nobody_sees_or_revokes_the_tokens_of_another(client: Client, analyst: User) -> None:
    text = token_of(analyst)
    client.force_login(User.objects.create_superuser("operator"))
    assert tree(client.get(PAGE)).select("button[name=revoke]") == []
    client.post(PAGE, {"revoke": str(AccessToken.objects.get().pk)})
    assert program(text).get(STUDIES).status_code == 200


def test_a_token_writes_nothing(analyst: User, alice: Visit) -> None:
    token = token_of(analyst)
    assert program(token).post(STUDIES, {"text": "red"}, "application/json").status_code in (403, 405)
    address = reverse("submit_phrase", args=[alice.assignment.public_id])
    program(token).post(address, {"client_uuid": str(uuid.uuid4()), "text": "red"})
    assert not alice.assignment.phrases.exists()


def test_a_token_opens_no_page(analyst: User) -> None:
    assert program(token_of(analyst)).get("/admin/").status_code == 302


@pytest.mark.parametrize("token", ["", "clarify_", "clarify_" + "x" * 43, "\u00e9"])
def test_what_is_no_token_is_refused_even_beside_a_sign_in(client: Client, analyst: User, token: str) -> None:
    client.force_login(analyst)
    response = client.get(STUDIES, headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "token_not_valid"


def test_a_token_ends_with_its_time(analyst: User) -> None:
    text = token_of(analyst)
    now = timezone.now()
    AccessToken.objects.update(created_at=now - dt.timedelta(days=30), expires_at=now)
    assert refused(text)


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_token_ends_with_the_account(analyst: User, change: dict[str, bool]) -> None:
    text = token_of(analyst)
    User.objects.filter(pk=analyst.pk).update(**change)
    assert refused(text)


def test_a_token_reads_nothing_of_a_study_once_the_role_is_gone(analyst: User, open_study: Study) -> None:
    text = token_of(analyst)
    open_study.members.all().delete()
    assert program(text).get(STUDIES).json()["count"] == 0
    assert program(text).get(f"{STUDIES}{open_study.slug}/").status_code == 404


def test_a_token_ends_when_the_password_changes(analyst: User) -> None:
    text = token_of(analyst)
    analyst.set_password("another long password")
    analyst.save()
    assert refused(text)


def test_where_a_second_factor_is_asked_for_a_token_made_without_one_ends(analyst: User, settings: Any) -> None:
    without, with_it = token_of(analyst), token_of(analyst, is_verified=True)
    settings.REQUIRE_TWO_FACTOR = True
    assert refused(without)
    assert program(with_it).get(STUDIES).status_code == 200


def test_a_token_without_a_name_or_for_ever_is_refused_on_the_page(client: Client, analyst: User) -> None:
    client.force_login(analyst)
    for form in ({"name": " ", "days": "30"}, {"name": "notebook", "days": "3650"}):
        assert client.post(PAGE, form).status_code == 400
    assert client.post(PAGE, {"revoke": "x"}).status_code == 302
    assert not AccessToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_coordinator_makes_a_token_and_revokes_it(
    live_server: LiveServer, chromium: Chromium, coordinator: User
) -> None:
    with page_without_complaints(chromium, live_server.url) as page:
        sign_in(page, live_server.url)
        page.goto(f"{live_server.url}/admin/")
        page.locator("#user-tools summary").click()
        page.get_by_role("link", name="API tokens").click()
        page.get_by_label("What it is for").fill("notebook")
        page.get_by_role("button", name="Make a token").click()
        token = page.locator("#token").input_value()
        assert program(token).get(STUDIES).status_code == 200
        assert_no_violations(page)
        page.get_by_role("button", name="Revoke notebook").click()
        expect(page.get_by_text("None.")).to_be_visible()
    assert refused(token)
