"""Signing in: locked by name after wrong passwords without a trace of where from; a second factor for who wants it."""

import io
import logging
import time
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from annotations.models import AuditRecord, Study
from annotations.services.staff import two_factor
from annotations.services.staff.two_factor import CodeNotRight
from tests.actors import Visit
from tests.conftest import COORDINATOR_PASSWORD

LOGIN, PAGE = "/admin/login/", "/admin/two-factor/"
ADDRESS = "203.0.113.77"
BROWSER = "Netscape/4.04"


def sign_in(client: Client, password: str = COORDINATOR_PASSWORD, code: str = "", name: str = "coordinator") -> Any:
    form = {"username": name, "password": password, "code": code, "next": "/admin/"}
    return client.post(LOGIN, form, REMOTE_ADDR=ADDRESS, headers={"User-Agent": BROWSER})


def is_in(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


def code_of(user: User, steps: int = 0) -> str:
    """The code that the person's app shows, or will show some half minutes later."""
    device = TOTPDevice.objects.filter(user=user).latest("pk")
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time() + steps * device.step
    return f"{totp.token():06}"


@pytest.fixture(autouse=True)
def _three_tries(settings) -> None:
    """A password takes long to check, which is its purpose."""
    settings.AXES_FAILURE_LIMIT = 3


@pytest.fixture
def enrolled(coordinator: User) -> list[str]:
    """The coordinator has switched the second factor on; these are the recovery codes."""
    two_factor.begin(coordinator)
    _device, codes = two_factor.confirm(coordinator, code_of(coordinator, -1))
    return codes


# -- Passwords -----------------------------------------------------------------------------------------------------


def test_the_right_password_lets_in(coordinator: User, client: Client) -> None:
    assert sign_in(client).status_code == 302
    assert is_in(client)


def test_passwords_are_hashed_with_argon2(coordinator: User) -> None:
    assert coordinator.password.startswith("argon2$argon2id$")


def test_an_older_hash_still_lets_in_and_is_renewed(coordinator: User, client: Client) -> None:
    User.objects.update(password=make_password(COORDINATOR_PASSWORD, hasher="pbkdf2_sha256"))
    sign_in(client)
    coordinator.refresh_from_db()
    assert is_in(client) and coordinator.password.startswith("argon2$")


def test_after_some_wrong_passwords_the_right_one_is_refused_too(coordinator: User, client: Client, settings) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = sign_in(client, "wrong")
    assert response.status_code == 429
    assert "Too many wrong passwords" in response.content.decode()
    assert sign_in(Client()).status_code == 429
    assert not is_in(client)


def test_the_lock_ends_by_itself(coordinator: User, client: Client, settings) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, "wrong")
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - settings.AXES_COOLOFF_TIME)
    sign_in(client)
    assert is_in(client)


def test_another_name_is_not_locked(coordinator: User, client: Client, settings) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, "wrong", name="nobody")
    sign_in(client)
    assert is_in(client)


def test_wrong_passwords_of_many_browsers_count_together(coordinator: User, settings) -> None:
    for i in range(settings.AXES_FAILURE_LIMIT):
        form = {"username": "coordinator", "password": "wrong"}
        Client().post(LOGIN, form, REMOTE_ADDR=f"203.0.113.{i}", headers={"User-Agent": f"browser {i}"})
    assert AccessAttempt.objects.count() == 1
    assert sign_in(Client()).status_code == 429


def test_no_table_and_no_log_holds_address_browser_or_password(
    coordinator: User, client: Client, settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(settings.AXES_FAILURE_LIMIT + 1):
            sign_in(client, "a secret that was mistyped")
        sign_in(Client())
    rows = [str(row) for model in (AccessAttempt, AccessLog, AccessFailureLog) for row in model.objects.values()]
    assert len(rows) == 1
    for trace in (ADDRESS, BROWSER, "a secret that was mistyped", "csrfmiddlewaretoken"):
        assert trace not in rows[0] and trace not in caplog.text


# -- The second factor ---------------------------------------------------------------------------------------------


def test_switching_it_on_shows_a_qr_code_then_recovery_codes_once(
    coordinator_client: Client, coordinator: User
) -> None:
    page = coordinator_client.get(PAGE).content.decode()
    assert "<svg" in page and "style=" not in page.split("<svg", 1)[1].split("</svg>")[0]
    shown = coordinator_client.post(PAGE, {"code": code_of(coordinator)})
    codes = shown.context["recovery_codes"]
    assert len(set(codes)) == two_factor.N_RECOVERY_CODES
    assert codes[0] in shown.content.decode()
    again = coordinator_client.get(PAGE).content.decode()
    assert codes[0] not in again and "You have 8 recovery codes left" in again
    assert AuditRecord.objects.get(act="two_factor_on").actor == "coordinator"


def test_a_wrong_first_code_switches_nothing_on(coordinator_client: Client, coordinator: User) -> None:
    coordinator_client.get(PAGE)
    wrong = f"{(int(code_of(coordinator)) + 1) % 1_000_000:06}"
    response = coordinator_client.post(PAGE, {"code": wrong})
    assert response.status_code == 400 and "This code is wrong" in response.content.decode()
    assert not two_factor.is_enrolled(coordinator)


def test_then_the_password_alone_is_not_enough(coordinator: User, enrolled: list[str], client: Client) -> None:
    response = sign_in(client)
    assert "also needs a code" in response.content.decode()
    assert not is_in(client)


def test_a_code_of_the_app_lets_in_once(coordinator: User, enrolled: list[str], client: Client) -> None:
    code = code_of(coordinator)
    sign_in(client, code=f"{code[:3]} {code[3:]}")
    assert is_in(client)
    other = Client()
    assert "was used before" in sign_in(other, code=code).content.decode()
    assert not is_in(other)


def test_a_recovery_code_lets_in_once(coordinator: User, enrolled: list[str], client: Client) -> None:
    sign_in(client, code=enrolled[0].upper())
    assert is_in(client)
    other = Client()
    sign_in(other, code=enrolled[0])
    assert not is_in(other)
    assert two_factor.n_recovery_codes(coordinator) == two_factor.N_RECOVERY_CODES - 1


def test_recovery_codes_are_not_stored_as_they_are(coordinator: User, enrolled: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM otp_static_statictoken")
        stored = {row[0] for row in cursor.fetchall()}
    assert stored.isdisjoint({code.replace("-", "") for code in enrolled})


def test_guessing_codes_gets_slower(coordinator: User, enrolled: list[str]) -> None:
    wrong = f"{(int(code_of(coordinator)) + 1) % 1_000_000:06}"
    with pytest.raises(CodeNotRight):
        two_factor.verify(coordinator, wrong)
    with pytest.raises(CodeNotRight):
        two_factor.verify(coordinator, code_of(coordinator))  # right, but too soon


def test_who_was_signed_in_before_must_give_the_code_too(
    coordinator: User, coordinator_client: Client, open_study: Study
) -> None:
    assert is_in(coordinator_client)
    two_factor.begin(coordinator)
    two_factor.confirm(coordinator, code_of(coordinator))
    assert not is_in(coordinator_client)
    assert coordinator_client.get("/api/v1/studies/").status_code == 403
    assert coordinator_client.get(PAGE).status_code == 302


def test_it_is_switched_off_by_a_code(coordinator: User, enrolled: list[str], client: Client) -> None:
    sign_in(client, code=enrolled[0])
    assert client.post(PAGE, {"code": "000000"}).status_code == 400
    assert two_factor.is_enrolled(coordinator)
    assert client.post(PAGE, {"code": enrolled[1]}).status_code == 302
    assert not two_factor.is_enrolled(coordinator)
    assert AuditRecord.objects.get(act="two_factor_off").subject == "coordinator"


def test_a_site_can_require_it(coordinator: User, client: Client, settings) -> None:
    settings.REQUIRE_TWO_FACTOR = True
    sign_in(client)
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == PAGE
    assert client.get("/api/v1/studies/").status_code == 403
    client.post(PAGE, {"code": code_of(coordinator)})
    assert is_in(client)


def test_an_operator_can_reset_it(coordinator: User, enrolled: list[str], client: Client) -> None:
    call_command("reset_two_factor", "coordinator", stdout=io.StringIO())
    sign_in(client)
    assert is_in(client)
    with pytest.raises(CommandError, match="Known accounts: coordinator"):
        call_command("reset_two_factor", "nobody")


# -- What all this costs participants ------------------------------------------------------------------------------


def test_a_participants_page_asks_no_table_of_the_staff(alice: Visit) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert alice.client.get(f"/visit/tasks/{alice.assignment.public_id}/").status_code == 200
    tables = ("auth_user", "otp_", "axes_", "studymember")
    assert not [query["sql"] for query in captured.captured_queries if any(table in query["sql"] for table in tables)]
