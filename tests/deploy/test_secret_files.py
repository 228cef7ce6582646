"""A setting may be a file, such as a secret that Docker mounts."""

from pathlib import Path

import environ
import pytest

from clarify_site import environment

KEY = "a-key-in-a-file-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG"


def test_a_file_holds_the_secret_key_with_or_without_a_last_newline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret_key"
    file.write_text(KEY + "\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(file))
    monkeypatch.setattr(environment, "env", environ.FileAwareEnv())
    assert environment.secret_key() == KEY


def test_a_file_holds_the_address_of_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "database_url"
    file.write_text("postgresql://clarify:secret@database/clarify\n")
    monkeypatch.setenv("DATABASE_URL_FILE", str(file))
    monkeypatch.setattr(environment, "env", environ.FileAwareEnv())
    assert environment.url("DATABASE_URL", "postgresql") == "postgresql://clarify:secret@database/clarify"
