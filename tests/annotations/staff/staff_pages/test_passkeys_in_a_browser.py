"""A passkey as the second step: added and used in a real browser, with its virtual authenticator."""

import json

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp_webauthn.models import WebAuthnCredential
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from annotations.models import AuditRecord
from annotations.staff import two_factor
from tests.support.actor_fixtures import COORDINATOR_PASSWORD
from tests.support.chromium import Chromium
from tests.support.pages_in_chromium import page_without_complaints
from tests.support.second_factor import code_of, enrol

PAGE = "/admin/two-factor/"


@pytest.fixture(autouse=True)
def _of_this_server(settings, request: pytest.FixtureRequest) -> None:
    """The site's address is the test server's, and a password alone is not enough."""
    settings.REQUIRE_TWO_FACTOR = True
    settings.OFFERS_PASSKEYS, settings.OTP_WEBAUTHN_RP_ID = True, "localhost"
    if "live_server" in request.fixturenames:
        settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [request.getfixturevalue("live_server").url]


def with_authenticator(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def sign_in(page: Page, origin: str, code: str = "") -> None:
    page.goto(f"{origin}/admin/login/?next=/admin/audit/")
    page.get_by_label("Username").fill("coordinator")
    page.get_by_label("Password").fill(COORDINATOR_PASSWORD)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()


def test_a_passkey_is_added_and_then_signs_in_instead_of_a_code(
    live_server: LiveServer, chromium: Chromium, coordinator: User
) -> None:
    enrol(coordinator)
    with page_without_complaints(chromium, live_server.url) as page:
        with_authenticator(page)
        sign_in(page, live_server.url, code_of(coordinator))
        page.get_by_role("heading", name="Audit log").wait_for()
        page.goto(f"{live_server.url}{PAGE}")
        page.get_by_role("button", name="Add a passkey").click()
        expect(page.locator("#passkey-register-status-message")).to_have_text("Registration successful!")
        page.reload()
        expect(page.locator("#passkeys li")).to_contain_text("last used never")
        page.get_by_text("coordinator", exact=True).click()
        page.get_by_role("button", name="Log out").click()
        sign_in(page, live_server.url)
        page.get_by_role("heading", name="Two-factor sign-in").wait_for()
        page.goto(f"{live_server.url}/admin/audit/")  # the password alone opens nothing
        page.get_by_role("button", name="Use a passkey").click()
        page.get_by_role("heading", name="Audit log").wait_for()
        expect(page.get_by_role("rowheader", name="passkey added")).to_be_visible()
    assert WebAuthnCredential.objects.get(user=coordinator).last_used_at is not None


@pytest.fixture
def with_passkey(coordinator: User) -> WebAuthnCredential:
    enrol(coordinator)
    made: WebAuthnCredential = WebAuthnCredential.objects.create(
        user=coordinator, name="key", credential_id=b"id", public_key=b"key"
    )
    return made


def signed_in_by_password() -> Client:
    client = Client()
    client.force_login(User.objects.get(username="coordinator"))
    return client


def test_who_owes_the_second_step_adds_and_removes_no_passkey(with_passkey: WebAuthnCredential) -> None:
    client = signed_in_by_password()
    assert client.post(f"{PAGE}passkeys/add/begin/").status_code == 403
    client.post(PAGE, {"remove": with_passkey.pk})
    client.post(PAGE, {"sign_out_everywhere": "yes"})
    assert WebAuthnCredential.objects.count() == 1
    assert not AuditRecord.objects.filter(act__in=["passkey_removed", "signed_out_everywhere"]).exists()


def test_whoever_has_no_second_factor_yet_sets_up_the_app_first(coordinator: User) -> None:
    assert signed_in_by_password().post(f"{PAGE}passkeys/add/begin/").status_code == 403


def test_strangers_are_refused_and_leave_no_session(db: None, client: Client) -> None:
    for path in ("add/begin/", "add/", "use/begin/", "use/"):
        answer = client.post(f"{PAGE}passkeys/{path}", "{}", content_type="application/json")
        assert answer.status_code == 403 and not answer.cookies


@pytest.mark.parametrize("body", [b"\xff\xfe\xfd", b"[" * 100_000, b"{"], ids=["no text", "a nest", "cut off"])
def test_a_body_that_is_no_json_is_refused(db: None, client: Client, body: bytes) -> None:
    for path in ("add/begin/", "add/", "use/begin/", "use/"):
        answer = client.post(f"{PAGE}passkeys/{path}", body, content_type="application/json")
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")


def test_a_forged_answer_of_a_passkey_opens_nothing(with_passkey: WebAuthnCredential) -> None:
    client = signed_in_by_password()
    client.post(f"{PAGE}passkeys/use/begin/")
    forged = {
        "id": "aWQ",
        "rawId": "aWQ",
        "type": "public-key",
        "response": {"authenticatorData": "eA", "clientDataJSON": "e30", "signature": "eA"},
    }
    answer = client.post(f"{PAGE}passkeys/use/", json.dumps(forged), content_type="application/json")
    assert answer.status_code in {400, 422}
    assert client.get("/admin/audit/").status_code == 302


def test_removing_and_switching_off_forget_passkeys(with_passkey: WebAuthnCredential, coordinator: User) -> None:
    other = User.objects.create_user("other")
    two_factor.remove_passkey(other, with_passkey.pk)
    assert WebAuthnCredential.objects.exists()
    two_factor.remove_passkey(coordinator, with_passkey.pk)
    assert not WebAuthnCredential.objects.exists()
    WebAuthnCredential.objects.create(user=coordinator, credential_id=b"id", public_key=b"key")
    two_factor.switch_off(coordinator, by="test")
    assert not WebAuthnCredential.objects.exists()
