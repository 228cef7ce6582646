"""A setting may be a file, such as a secret that Docker mounts."""

import os
from pathlib import Path

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from clarify_site import environment
from tests.support import forked

KEY = "a-key-in-a-file-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG"


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environ.FileAwareEnv, "ENVIRON", FileAwareMapping())  # it reads each file once


def test_a_file_holds_the_secret_key_with_or_without_a_last_newline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret_key"
    file.write_text(KEY + "\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(file))
    assert environment.secret_key() == KEY


def test_a_file_holds_the_address_of_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "database_url"
    file.write_text("postgresql://clarify:secret@database/clarify\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))
    assert environment.url("DATABASE_URL", "postgresql") == "postgresql://clarify:secret@database/clarify"


def test_a_file_holds_the_hosts_with_blanks_and_a_last_newline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hosts"
    file.write_text("clarify.example.org, www.example.org,\n")
    monkeypatch.setenv("ALLOWED_HOSTS_FILE", str(file))
    assert environment.names("ALLOWED_HOSTS") == ["clarify.example.org", "www.example.org"]


def test_a_file_that_is_no_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe")
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match="METRICS_TOKEN_FILE must name a UTF-8 text file"):
        environment.token("METRICS_TOKEN")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "PROLIFIC_TOKEN", "DATABASE_POOL_SIZE", "HTTPS"])
def test_a_file_that_cannot_be_read_stops_the_start_with_a_sentence_that_names_it(name: str, tmp_path: Path) -> None:
    missing = tmp_path / "not-here"
    done = forked.run(forked.MANAGE, "check", environment={**os.environ, f"{name}_FILE": str(missing)})
    assert done.returncode != 0
    assert done.stderr.startswith(f"{name}_FILE names {missing}, which cannot be read: No such file")
    assert "Traceback" not in done.stderr
