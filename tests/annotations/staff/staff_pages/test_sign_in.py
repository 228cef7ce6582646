"""Signing in: wrong passwords only slow down who sends them, without a trace of where from; a second factor."""

import base64
import io
import logging
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import Redis

from annotations.models import AuditRecord, Study, TotpDevice
from annotations.staff import sign_in_throttle, two_factor
from annotations.staff.sign_in_throttle import SignInTooSoon
from annotations.staff.two_factor import CodeNotRight
from tests.support.actor_fixtures import COORDINATOR_PASSWORD
from tests.support.actors import Visit
from tests.support.second_factor import code_from, code_of, enrol, first_code, wrong_code_of

LOGIN, PAGE = "/admin/login/", "/admin/two-factor/"
ADDRESS, ELSEWHERE = "203.0.113.77", "198.51.100.1"
BROWSER = "Netscape/4.04"


def sign_in(
    client: Client,
    password: str = COORDINATOR_PASSWORD,
    code: str = "",
    name: str = "coordinator",
    address: str = ADDRESS,
) -> Any:
    form = {"username": name, "password": password, "code": code, "next": "/admin/"}
    return client.post(LOGIN, form, REMOTE_ADDR=address, headers={"User-Agent": BROWSER})


def is_in(client: Client) -> bool:
    return bool(client.get("/admin/").status_code == 200)


@pytest.fixture(autouse=True)
def redis(settings, monkeypatch: pytest.MonkeyPatch) -> Redis:
    """Few tries, since a password takes long to check on purpose."""
    settings.SIGN_IN_TRIES = 3
    monkeypatch.setattr(sign_in_throttle, "WAITS_S", (600, 900))  # no test is too slow for it
    monkeypatch.setattr(sign_in_throttle, "NAME_WAITS_S", (600, 900))
    client: Redis = Redis.from_url(settings.REDIS_URL)
    return client


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", ""])
def test_a_sign_in_that_would_lead_elsewhere_ends_at_the_first_page(
    client: Client, coordinator: User, elsewhere: str
) -> None:
    form = {"username": "coordinator", "password": COORDINATOR_PASSWORD, "next": elsewhere}
    answer = client.post(f"{LOGIN}?next={elsewhere}", form, follow=True)
    assert answer.redirect_chain == [("/admin/", 302)] and answer.status_code == 200


@pytest.fixture
def enrolled(coordinator: User) -> list[str]:
    """The coordinator has switched the second factor on; these are the recovery codes."""
    return enrol(coordinator)


# -- Passwords -----------------------------------------------------------------------------------------------------


def test_the_right_password_lets_in(coordinator: User, client: Client) -> None:
    assert sign_in(client).status_code == 302
    assert is_in(client)


def test_passwords_are_hashed_with_argon2_of_19_mib(coordinator: User) -> None:
    assert coordinator.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_an_older_hash_still_lets_in_and_is_renewed(coordinator: User, client: Client) -> None:
    User.objects.update(password=make_password(COORDINATOR_PASSWORD, hasher="pbkdf2_sha256"))
    sign_in(client)
    coordinator.refresh_from_db()
    assert is_in(client) and coordinator.password.startswith("argon2$")


# -- Waiting in place of a lock ------------------------------------------------------------------------------------


def fail(times: int, **asked: str) -> list[int]:
    return [sign_in(Client(), "wrong", **asked).status_code for _ in range(times)]


def test_after_some_tries_each_further_one_has_to_wait(coordinator: User) -> None:
    assert fail(4) == [200, 200, 200, 429]
    refused = sign_in(Client())
    assert refused.status_code == 429 and 500 < int(refused.headers["Retry-After"]) <= 600
    assert f"Wait {refused.headers['Retry-After']} s, then try again" in refused.content.decode()


def test_after_the_wait_the_right_password_lets_in_and_all_is_forgotten(
    coordinator: User, client: Client, redis: Redis
) -> None:
    fail(4)
    redis.delete(*redis.keys("clarify:sign-in:*:wait"))
    assert sign_in(client).status_code == 302
    assert fail(3) == [200, 200, 200]


def test_a_stranger_cannot_keep_her_out_of_another_network(coordinator: User, client: Client) -> None:
    fail(20)
    for _ in range(1000):  # beneath the page, which takes longer than all that it asks
        with pytest.raises(SignInTooSoon):
            sign_in_throttle.admit("coordinator", ADDRESS, has_right_code=lambda: False)
    sign_in(client, address=ELSEWHERE)
    assert is_in(client)


def test_a_stranger_in_her_own_network_cannot_keep_her_out_if_she_has_a_second_factor(
    coordinator: User, enrolled: list[str], client: Client
) -> None:
    fail(5)
    fail(1, code=wrong_code_of(coordinator))
    assert sign_in(Client()).status_code == 429  # by the password alone
    sign_in(client, code=code_of(coordinator))
    assert is_in(client)


def test_strangers_in_many_networks_cannot_keep_her_out_if_she_has_a_second_factor(
    coordinator: User, enrolled: list[str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_throttle, "NAME_TRIES", 4)
    answers = [fail(1, address=f"198.51.{i}.1")[0] for i in range(12)]
    assert answers == [200] * 4 + [429] * 8
    assert sign_in(Client(), address=ELSEWHERE).status_code == 429
    sign_in(client, code=enrolled[0], address=ELSEWHERE)
    assert is_in(client)


def test_who_holds_the_phone_alone_may_not_guess_passwords_without_end(coordinator: User, enrolled: list[str]) -> None:
    code = code_of(coordinator)
    assert fail(3, code=code) == [200] * 3  # none of them used the code up
    assert fail(5, code=code) == [200, 200, 200, 429, 429]


def test_wrong_codes_do_not_slow_down_who_does_not_know_the_password(coordinator: User, enrolled: list[str]) -> None:
    fail(10, code=wrong_code_of(coordinator))
    assert TotpDevice.objects.get().throttling_failure_count == 0


def test_another_name_does_not_wait(coordinator: User, client: Client) -> None:
    fail(4, name="nobody")
    sign_in(client)
    assert is_in(client)


def test_many_names_of_one_network_wait_too(coordinator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_throttle, "NETWORK_TRIES", 2)
    names = [fail(1, name=f"name-{i}")[0] for i in range(3)]
    assert names == [200, 200, 429]
    assert fail(1, name="name-9", address=ELSEWHERE) == [200]


def test_behind_a_proxy_the_network_is_the_one_that_the_proxy_names(settings, coordinator: User) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def forwarded(address: str) -> int:
        form = {"username": "coordinator", "password": "wrong"}
        return Client().post(LOGIN, form, headers={"X-Forwarded-For": f"{ELSEWHERE}, {address}"}).status_code

    assert [forwarded(ADDRESS) for _ in range(4)] == [200, 200, 200, 429]
    assert forwarded("192.0.2.1") == 200


def test_while_redis_is_away_sign_in_stays_possible(coordinator: User, client: Client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert fail(5) == [200] * 5
    sign_in(client)
    assert is_in(client)


def test_no_counter_and_no_log_holds_address_name_browser_or_password(
    coordinator: User, client: Client, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(5):
            sign_in(client, "a secret that was mistyped")
    kept = str([(key, redis.get(key)) for key in redis.keys("*") if redis.type(key) == b"string"])
    for trace in (ADDRESS, "203.0.113", "coordinator", BROWSER, "a secret that was mistyped"):
        assert trace not in kept and trace not in caplog.text
    assert "clarify:sign-in:" in kept


# -- The second factor ---------------------------------------------------------------------------------------------


def test_switching_it_on_shows_a_qr_code_then_recovery_codes_once(
    coordinator_client: Client, coordinator: User
) -> None:
    answer = coordinator_client.get(PAGE)
    page = answer.content.decode()
    assert "<svg" in page and "style=" not in page.split("<svg", 1)[1].split("</svg>")[0]
    assert not TotpDevice.objects.exists()  # nothing is stored for a page that is looked at
    shown = coordinator_client.post(PAGE, first_code(answer))
    codes = shown.context["recovery_codes"]
    assert len(set(codes)) == two_factor.N_RECOVERY_CODES
    assert codes[0] in shown.content.decode()
    again = coordinator_client.get(PAGE).content.decode()
    assert codes[0] not in again and "You have 8 recovery codes left" in again
    assert AuditRecord.objects.get(act="two_factor_on").actor == "coordinator"


def test_a_wrong_first_code_switches_nothing_on(coordinator_client: Client, coordinator: User) -> None:
    first = coordinator_client.get(PAGE)
    wrong = {"sealed": first.context["sealed"], "code": "0" * 6}
    response = coordinator_client.post(PAGE, wrong)
    assert response.status_code == 400 and "This code is wrong" in response.content.decode()
    assert not TotpDevice.objects.exists()
    assert response.context["secret"] == first.context["secret"]  # which the app has by now
    assert coordinator_client.post(PAGE, first_code(response)).status_code == 200
    assert two_factor.is_enrolled(coordinator)


@pytest.mark.parametrize("sealed", ["", "nothing that this site sealed", "\u00e4", "a" * 100_000])
def test_a_secret_that_this_site_did_not_seal_is_not_taken(
    coordinator_client: Client, coordinator: User, sealed: str
) -> None:
    first = coordinator_client.get(PAGE)
    response = coordinator_client.post(PAGE, {**first_code(first), "sealed": sealed})
    assert response.status_code == 400 and response.context["secret"] != first.context["secret"]
    assert not TotpDevice.objects.exists()


def test_of_two_apps_that_are_set_up_at_once_the_first_is_kept(coordinator_client: Client, coordinator: User) -> None:
    one, other = (two_factor.begin(coordinator) for _ in range(2))
    two_factor.confirm(one, code_from(two_factor.base32_secret(one)))
    with pytest.raises(CodeNotRight):
        two_factor.confirm(other, code_from(two_factor.base32_secret(other)))
    assert TotpDevice.objects.get() == one


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


def test_no_table_holds_a_recovery_code_or_the_apps_secret(coordinator: User, enrolled: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM otp_static_statictoken UNION ALL SELECT name FROM otp_static_staticdevice")
        stored = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT sealed_secret FROM annotations_totpdevice")
        sealed = bytes(cursor.fetchone()[0])
    assert stored.isdisjoint({code.replace("-", "") for code in enrolled})
    secret = two_factor.base32_secret(TotpDevice.objects.get())
    assert secret.encode() not in sealed and base64.b32decode(secret) not in base64.urlsafe_b64decode(sealed)


def test_a_recovery_code_has_too_many_bits_to_try_them_all(enrolled: list[str]) -> None:
    assert {len(code.replace("-", "")) for code in enrolled} == {16}  # hexadecimal digits: 64 bits


def test_the_wait_after_wrong_codes_is_bounded(coordinator: User, enrolled: list[str]) -> None:
    TotpDevice.objects.update(throttling_failure_count=9)
    for _ in range(2):
        with pytest.raises(CodeNotRight):
            two_factor.verify(coordinator, wrong_code_of(coordinator))
        TotpDevice.objects.update(throttling_failure_timestamp="2026-01-01T00:00Z")
    assert TotpDevice.objects.get().throttling_failure_count == two_factor.MAX_WRONG
    two_factor.verify(coordinator, code_of(coordinator))


def test_guessing_codes_gets_slower(coordinator: User, enrolled: list[str]) -> None:
    with pytest.raises(CodeNotRight):
        two_factor.verify(coordinator, wrong_code_of(coordinator))
    with pytest.raises(CodeNotRight):
        two_factor.verify(coordinator, code_of(coordinator))  # right, but too soon


def test_who_was_signed_in_before_must_give_the_code_too(
    coordinator: User, coordinator_client: Client, open_study: Study
) -> None:
    assert is_in(coordinator_client)
    enrol(coordinator)
    assert not is_in(coordinator_client)
    assert coordinator_client.get("/api/v1/studies/").status_code == 403
    asked = coordinator_client.get(PAGE).content.decode()
    assert "The second step" in asked and "Switch it off" not in asked


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
    led = client.get("/admin/", follow=True)
    assert led.redirect_chain[-1][0].startswith(PAGE) and "This site asks for two steps" in led.content.decode()
    assert client.get("/api/v1/studies/").status_code == 403
    client.post(PAGE, first_code(led))
    assert is_in(client)


def test_a_secret_that_the_site_cannot_read_is_said_to_whoever_has_the_password(
    coordinator: User, enrolled: list[str], client: Client, settings
) -> None:
    code = code_of(coordinator)
    settings.IDENTITY_KEYS = [Fernet.generate_key()]
    assert "Ask the operator to add the earlier key" in sign_in(client, code=code).content.decode()
    assert not is_in(client)


@pytest.mark.parametrize(
    ("is_required", "way_on"), [(True, "sets up a new app at the next sign-in"), (False, "with the password only")]
)
def test_an_operator_can_reset_it(
    coordinator: User, enrolled: list[str], client: Client, settings, is_required: bool, way_on: str
) -> None:
    settings.REQUIRE_TWO_FACTOR = is_required
    out = io.StringIO()
    call_command("reset_two_factor", "coordinator", stdout=out)
    assert way_on in out.getvalue()
    sign_in(client)
    assert is_in(client) is not is_required
    assert client.get(PAGE).status_code == 200
    with pytest.raises(CommandError, match="Known accounts: coordinator"):
        call_command("reset_two_factor", "nobody")


# -- What all this costs participants ------------------------------------------------------------------------------


def test_a_participants_page_asks_no_table_of_the_staff(alice: Visit) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert alice.client.get(f"/visit/tasks/{alice.assignment.public_id}/").status_code == 200
    tables = ("auth_user", "otp_", "totpdevice", "studymember")
    assert not [query["sql"] for query in captured.captured_queries if any(table in query["sql"] for table in tables)]
