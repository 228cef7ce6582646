"""Signing in by an OpenID Connect provider: a real one's flow, by a mock of one that listens on this machine."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import include, path
from oidc_provider_mock import User as Person
from oidc_provider_mock import run_server_in_thread

from annotations.staff.staff_pages import provider_sign_in as oidc
from clarify_site.urls import urlpatterns as of_the_site
from tests.support.second_factor import code_of, enrol, first_code, wrong_code_of

LOGIN, BEGIN, BACK, SECOND_STEP = "/admin/login/", "/admin/oidc/", "/admin/oidc/back/", "/admin/two-factor/"
PEOPLE: dict[str, dict[str, object]] = {
    "ada": {"email": "ADA@example.org", "email_verified": True},
    "mallory": {"email": "ada@example.org", "email_verified": False},
    "unsaid": {"email": "ada@example.org"},
    "nobody": {"email": "nobody@example.org", "email_verified": True},
    "alike": {"email": "\u0430da@example.org", "email_verified": True},  # a Cyrillic letter
    "nameless": {},
}

urlpatterns = [path("admin/oidc/", include("annotations.staff.staff_pages.provider_sign_in")), *of_the_site]
on = pytest.mark.urls(__name__)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    people = [Person(sub=name, claims=claims) for name, claims in PEOPLE.items()]
    with run_server_in_thread(user_claims=people, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def _trusted(settings: Any, issuer: str) -> None:
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = issuer, "clarify", "a-secret"
    settings.REQUIRE_TWO_FACTOR = False


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", email="ada@example.org", is_staff=True)


def sent_back(client: Client, name: str, next_page: str = "") -> str:
    """Go to the provider, sign in there, and return the address that it sends back to."""
    there = client.get(BEGIN, {"next": next_page})
    assert there.status_code == 302
    asked = parse_qs(urlsplit(there["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"]
    answer = httpx2.post(there["Location"], data={"sub": name})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("http://testserver")


def sign_in(client: Client, name: str, next_page: str = "") -> Any:
    return client.get(sent_back(client, name, next_page))


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


@on
def test_an_account_with_this_verified_address_is_signed_in_where_it_wanted_to_go(ada: User, client: Client) -> None:
    page = client.get(LOGIN, {"next": "/admin/tokens/"}).content.decode()
    assert f'href="{BEGIN}?next=/admin/tokens/"' in page
    assert sign_in(client, "ada", "/admin/tokens/")["Location"] == "/admin/tokens/"
    assert is_in(client)
    assert User.objects.get() == ada  # with what it was before
    assert not User.objects.filter(is_superuser=True).exists()


@on
@pytest.mark.parametrize("name", [name for name in PEOPLE if name != "ada"])
def test_nobody_else_is_let_in_and_no_account_is_made(ada: User, client: Client, name: str) -> None:
    refused = client.get(sent_back(client, name), follow=True)
    assert refused.redirect_chain == [(LOGIN, 302)]
    assert "vouches for no e-mail address" in refused.content.decode()
    assert not is_in(client) and User.objects.count() == 1


@on
@pytest.mark.parametrize("changed", [{"is_active": False}, {"is_staff": False}, {"email": ""}])
def test_an_account_that_may_not_sign_in_may_not_do_so_this_way(
    ada: User, client: Client, changed: dict[str, Any]
) -> None:
    User.objects.update(**changed)
    sign_in(client, "ada")
    assert not is_in(client)


@on
def test_of_two_accounts_with_one_address_neither_is_taken(ada: User, client: Client) -> None:
    User.objects.create_user("ada2", email="Ada@Example.org", is_staff=True)
    sign_in(client, "ada")
    assert not is_in(client)


@on
@pytest.mark.parametrize("is_required", [True, False])
def test_whoever_has_a_second_factor_is_asked_for_its_code(
    ada: User, client: Client, settings: Any, is_required: bool
) -> None:
    settings.REQUIRE_TWO_FACTOR = is_required
    enrol(ada)
    wanted = sign_in(client, "ada", "/admin/tokens/")["Location"]
    asked = client.get(wanted, follow=True)
    (_, (second_step, _)) = asked.redirect_chain
    assert urlsplit(second_step).path == SECOND_STEP and "The second step" in asked.content.decode()
    assert "Switch it off" not in asked.content.decode() and "QR code" not in asked.content.decode()
    assert client.post(second_step, {"code": wrong_code_of(ada)}).status_code == 400
    assert not is_in(client)
    ada.totpdevice_set.update(throttling_failure_count=0)
    assert client.post(second_step, {"code": code_of(ada)})["Location"] == "/admin/tokens/"
    assert is_in(client)


@on
def test_a_site_that_asks_for_two_steps_asks_whoever_has_none_to_set_one_up(
    ada: User, client: Client, settings: Any
) -> None:
    settings.REQUIRE_TWO_FACTOR = True
    sign_in(client, "ada")
    assert "This site asks for two steps" in client.get("/admin/", follow=True).content.decode()
    client.post(SECOND_STEP, first_code(client.get(SECOND_STEP)))
    assert is_in(client)


@on
def test_an_answer_counts_once_and_only_in_the_browser_that_asked(ada: User, client: Client) -> None:
    stolen = sent_back(Client(), "ada")
    for address in (stolen, BACK, f"{BACK}?error=access_denied", f"{BACK}?code=x&state=y"):
        assert client.get(address)["Location"] == LOGIN
    assert not is_in(client)
    own = sent_back(client, "ada")
    client.get(own)
    client.logout()
    assert client.get(own)["Location"] == LOGIN
    assert not is_in(client)


@on
@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_it_leads_to_pages_of_this_site_alone(ada: User, client: Client, elsewhere: str) -> None:
    assert sign_in(client, "ada", elsewhere)["Location"] == "/admin/"


@on
def test_of_a_stranger_who_begins_nothing_is_stored(ada: User, client: Client) -> None:
    for _ in range(3):
        answer = client.get(BEGIN, {"next": "/admin/tokens/"})
        assert client.get(f"{BACK}?code=x&state=y")["Location"] == LOGIN
        assert client.get(f"{BACK}?error=access_denied")["Location"] == LOGIN
    kept = answer.cookies["clarify_oidc"]
    assert (kept["httponly"], kept["samesite"], kept["path"], kept["max-age"]) == (True, "Lax", BACK, 600)
    assert Session.objects.count() == 0 and settings.SESSION_COOKIE_NAME not in client.cookies


@on
def test_what_a_browser_kept_for_the_answer_is_taken_from_it_by_the_answer(ada: User, client: Client) -> None:
    sign_in(client, "ada")
    assert client.cookies["clarify_oidc"].value == ""


@on
def test_a_provider_that_is_away_is_a_sentence(ada: User, client: Client, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://localhost:9"
    page = client.get(BEGIN, follow=True)
    assert page.status_code == 200 and "does not answer" in page.content.decode()


@on
def test_a_slow_provider_holds_few_threads_whoever_asks(ada: User, client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(oidc, "WAIT_FOR_TURN_S", 0.01)
    address = sent_back(client, "ada")
    for _ in range(oidc.AT_ONCE):
        oidc.turns.acquire()  # as requests that wait for an answer
    try:
        refused = Client().get(BEGIN)
        assert refused["Location"] == LOGIN
        assert Client().get(BACK)["Location"] == LOGIN
    finally:
        oidc.turns.release(oidc.AT_ONCE)
    assert client.get(address)["Location"] == "/admin/"


def test_a_site_without_an_issuer_has_neither_address_nor_link(db: None, client: Client, settings: Any) -> None:
    settings.OIDC_ISSUER = ""
    assert client.get(BEGIN).status_code == client.get(BACK).status_code == 302  # to the sign-in, as any unknown page
    assert "institution" not in client.get(LOGIN).content.decode()
