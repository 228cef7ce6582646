"""Passwords that somebody who knows the site would guess are refused wherever one is set."""

import io
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from tests.support.actor_fixtures import COORDINATOR_PASSWORD

WEAK = [
    "Clarify1",
    "Clarify20262026!",
    "clarifyclarify7",
    "CLARIFY-coordinator-1",
    "Cl4r1fy-2026-!!!",
    "Summer2026Summer2026",
    "!!!Herbst-2026!!!",
    "November-2026-11",
    "P@ssw0rd-2026-!",
    "coordinator2026!",
    "wonderland-wonderland1",  # the host of this site
    "Ann.Liddell.1865",
    "qwertyuiop1234",
    "1qaz2wsx3edc4rfv",
    "asdfghjkl;asdfghjkl",
    "aaaaaaaaaaaaaaaa",
    "abcdefghijklmnop",
    "4815162342481516",
    "only-eleven",
    "a" + "1" * 120_000 + "a",  # to read its signs as letters would take n² steps: minutes
]
STRONG = [
    "three unrelated words",
    "correct horse battery staple",
    "Kx7vP2qLm9Rz",
    "summer rain on the old roof",
    "Clarify shows what went wrong",
    "four of them " * 9 + "ten or more",  # 128 characters
    COORDINATOR_PASSWORD,
]


@pytest.fixture(autouse=True)
def _names(settings) -> None:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "clarify.wonderland.example"]


@pytest.mark.parametrize("password", WEAK)
def test_a_guessable_password_is_refused_with_a_reason(password: str) -> None:
    user = User(username="coordinator", first_name="Ann", last_name="Liddell", email="ann@example.org")
    with pytest.raises(ValidationError) as refused:
        validate_password(password, user)
    assert all(message.startswith(("This password", "The password")) for message in refused.value.messages)


@pytest.mark.parametrize("password", STRONG)
def test_words_that_have_nothing_to_do_with_each_other_pass(password: str) -> None:
    validate_password(password, User(username="coordinator"))


# -- Every place where a password is set ---------------------------------------------------------------------------

TWICE = {"password1": "Clarify-2026-!", "password2": "Clarify-2026-!", "usable_password": "true"}
FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "a new account": ("/admin/auth/user/add/", {"username": "carol", **TWICE}),
    "another's password": ("/admin/auth/user/{pk}/password/", TWICE),
    "one's own": (
        "/admin/password_change/",
        {
            "old_password": COORDINATOR_PASSWORD,
            "new_password1": "Clarify-2026-!",
            "new_password2": "Clarify-2026-!",
        },
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_refuses_one(name: str, coordinator: User, coordinator_client: Client) -> None:
    address, form = FORMS[name]
    response = coordinator_client.post(address.format(pk=coordinator.pk), form)
    assert response.status_code == 200 and "words that are easy to guess here" in response.content.decode()
    assert User.objects.count() == 1
    assert User.objects.get().password == coordinator.password


@pytest.mark.parametrize("arguments", [("add_staff", "carol"), ("createsuperuser", "--username", "carol")])
def test_every_command_that_makes_an_account_refuses_one(
    db: None, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Clarify-2026-!\n"))
    with pytest.raises(CommandError, match="easy to guess here"):
        call_command(*arguments)
    assert not User.objects.exists()


def test_djangos_command_for_a_new_password_refuses_one(coordinator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda *args, **kwargs: "Clarify-2026-!")
    with pytest.raises(CommandError, match="Aborting password change"):
        call_command("changepassword", "coordinator", stdout=io.StringIO(), stderr=io.StringIO())


# -- The first operator --------------------------------------------------------------------------------------------


@pytest.fixture
def create_operator(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def create(*arguments: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO("three unrelated words\n"))
        out = io.StringIO()
        call_command("createsuperuser", *arguments, stdout=out)
        return out.getvalue()

    return create


def test_createsuperuser_makes_an_operator(create_operator: Callable[..., str]) -> None:
    assert create_operator("--username", "ann", "--email", "ann@example.org") == "ann: made the operator's account\n"
    ann = User.objects.get()
    assert ann.is_staff and ann.is_superuser and ann.check_password("three unrelated words")
    with pytest.raises(CommandError, match="already exists"):
        create_operator("--username", "ann")


def test_the_commands_tell_of_the_second_factor_where_it_is_asked_for(
    create_operator: Callable[..., str], settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REQUIRE_TWO_FACTOR = True
    assert "asks for an authenticator app" in create_operator("--username", "ann")
    monkeypatch.setattr("sys.stdin", io.StringIO("three unrelated words\n"))
    out = io.StringIO()
    call_command("add_staff", "bert", stdout=out)
    assert "asks for an authenticator app" in out.getvalue()
