"""A missing or bad setting stops the start with a sentence that names the variable."""

import os
import subprocess

import pytest

from tests.support import forked

GOOD = {
    "SECRET_KEY": "a-long-random-string-for-the-tests-0123456789-abcdefghijk",
    "IDENTITY_KEYS": "another-long-random-string-for-the-tests-0123456789-abcdef",
    "DATABASE_URL": "postgres://clarify@localhost/clarify",
    "REDIS_URL": "redis://localhost:6379/0",
    "ALLOWED_HOSTS": "clarify.example.org",
}
NAMED = (
    "DEBUG",
    "HTTPS",
    "SITE_URL",
    "DATABASE_POOL_SIZE",
    "DEFAULT_L2",
    "MIN_SLICE_SIZE",
    "SERVE_STATIC_FROM_SOURCE",
    "REQUIRE_TWO_FACTOR",
)


SHOWN = "import clarify_site.settings as s; print(s.SITE_URL, s.SESSION_COOKIE_SECURE, s.REQUIRE_TWO_FACTOR, s.DEBUG)"

Done = subprocess.CompletedProcess[str]


def start(without: str = "", /, **changes: str | None) -> Done:
    """Load the settings in a process of its own, with the good environment changed (None: unset) and a package gone."""
    given = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return forked.run(SHOWN, environment=_elsewhere() | given, without=without.split())


def _elsewhere() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in {*GOOD, *NAMED}}


def test_a_complete_environment_starts_secure_and_without_debug() -> None:
    done = start()
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["https://clarify.example.org", "True", "True", "False"]


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_variable_is_named(name: str) -> None:
    done = start(**{name: None})
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert last_line.startswith("django.core.exceptions.ImproperlyConfigured") and name in last_line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-0123456789-0123456789-0123456789-0123456789"),
        ("DATABASE_URL", "sqlite:///clarify.db"),
        ("REDIS_URL", "amqp://localhost"),
        ("ALLOWED_HOSTS", " , "),
        ("HTTPS", "perhaps"),
        ("DEFAULT_L2", "-1"),
        ("DEFAULT_L2", "a little"),
        ("DATABASE_POOL_SIZE", "0"),
        ("EMAIL_URL", "mail.example.org"),
        ("EMAIL_URL", "imap://mail.example.org"),
        ("METRICS_TOKEN", "short"),
        ("PROLIFIC_API", "http://api.prolific.com/api/v1"),
        ("PROLIFIC_JWKS_URL", "ftp://api.prolific.com/keys"),
        ("PROLIFIC_WEBHOOK_TOLERANCE_S", "for ever"),
        ("PROLIFIC_FEE_PERCENT", "a third"),
        ("PROLIFIC_FEE_PERCENT", "nan"),
        ("PROLIFIC_FEE_PERCENT", "133"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    done = start(**{name: value})
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last_line and name in last_line


OF_EXTRAS = [
    ("OIDC_ISSUER", "https://login.example.org", "authlib"),
    ("SENTRY_DSN", "https://a@b.example/1", "sentry_sdk"),
]


@pytest.mark.parametrize(("name", "value", "package"), OF_EXTRAS)
def test_a_setting_whose_extra_is_not_installed_is_refused_with_the_way_on(name: str, value: str, package: str) -> None:
    done = start(package, **{name: value, "OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b"})
    assert f"{name} is set, but the extra" in done.stderr and "deploy.lock install …," in done.stderr
    assert start(package).returncode == 0


def test_half_of_a_provider_is_refused() -> None:
    done = start(OIDC_ISSUER="https://login.example.org", OIDC_CLIENT_ID="clarify")
    assert "OIDC_ISSUER is set, but OIDC_CLIENT_SECRET is not. Set all of them, or none" in done.stderr


def test_a_provider_without_tls_is_refused() -> None:
    done = start(OIDC_ISSUER="http://login.example.org", OIDC_CLIENT_ID="clarify", OIDC_CLIENT_SECRET="secret")
    assert "OIDC_ISSUER has an unknown scheme" in done.stderr


def manage(*arguments: str, **given: str) -> Done:
    """Run manage.py where of the settings only these are set."""
    nowhere = {"CLARIFY_HOME": "/nowhere"}  # where no demo runs, whose settings it would take
    return forked.run(forked.MANAGE, *arguments, environment=_elsewhere() | nowhere | given)


@pytest.mark.parametrize("command", ["export_study", "predict", "check"])
def test_a_command_says_all_that_is_missing_in_a_sentence_and_the_way_on(command: str) -> None:
    done = manage(command)
    assert done.returncode != 0
    assert done.stderr.startswith("SECRET_KEY, IDENTITY_KEYS, DATABASE_URL, REDIS_URL and ALLOWED_HOSTS are not set.")
    assert "clarify demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_given_is_not_called_missing() -> None:
    done = manage("check", **{name: GOOD[name] for name in ("SECRET_KEY", "IDENTITY_KEYS", "ALLOWED_HOSTS")})
    assert done.stderr.startswith("DATABASE_URL and REDIS_URL are not set.")


@pytest.mark.parametrize(
    "arguments", [["benchmark", "--help"], ["predict", "-h"], ["help", "create_study"], ["import_dataset", "--help"]]
)
def test_a_command_explains_itself_without_any_setting(arguments: list[str]) -> None:
    done = manage(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: manage.py ")


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]])
def test_all_commands_are_listed_without_any_setting(arguments: list[str]) -> None:
    done = manage(*arguments)
    assert {"benchmark", "create_study", "predict", "recompute"} <= set(done.stdout.split())
    assert "ImproperlyConfigured" not in done.stdout + done.stderr
