"""Where state lies: never beside the code of an installed copy."""

from pathlib import Path

import pytest

from clarify_site import home as homes


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLARIFY_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)


def test_a_checkout_keeps_its_own() -> None:
    assert homes.home() == Path(__file__).resolve().parents[2] / "var"


def test_an_installed_copy_takes_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(homes, "ROOT", tmp_path / "site-packages")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert homes.home() == tmp_path / ".local" / "share" / "clarify"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert homes.home() == tmp_path / "data" / "clarify"


def test_a_folder_that_is_named_goes_before_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLARIFY_HOME", str(tmp_path / "mine"))
    assert homes.home() == tmp_path / "mine"


def test_where_no_demo_runs_there_are_no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLARIFY_HOME", str(tmp_path))
    assert homes.settings_of_the_running_demo() == {}
