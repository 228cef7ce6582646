"""The demo's start: the port it takes, and what it says where it cannot run."""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import demo
from deploy.local.folder import DemoFolder
from deploy.local.processes import CannotRun


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_taken_stops_the_start(taken: int) -> None:
    with pytest.raises(CannotRun, match=f"Port {taken} is in use. Choose another"):
        demo._port(taken)


def test_the_variable_names_the_port_too(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(taken))
    with pytest.raises(CannotRun, match=f"Port {taken} is in use"):
        demo._port(None)


@pytest.mark.parametrize("port", ["http", "-1", "65536", "8000.5", "²"])
def test_what_is_no_port_stops_the_start(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CannotRun, match=r"is not a port. Choose one from 1 to 65535"):
        demo._port(None)


def test_without_a_wish_the_next_free_port_is_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setattr(demo, "FIRST_PORT", taken)
    assert demo._port(None) > taken


def test_a_second_demo_in_the_folder_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "DemoFolder", lambda: DemoFolder(tmp_path))
    monkeypatch.setattr(sys, "argv", ["demo", "--once"])
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    with DemoFolder(tmp_path).locked():
        assert demo.main() == 1
    assert capsys.readouterr().out.startswith("A demo already runs in this folder")
