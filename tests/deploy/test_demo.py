"""The demo's start: the port it takes, and what it says where it cannot run."""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError

from deploy.local import demo
from deploy.local.folder import DemoFolder
from deploy.local.processes import CannotRun
from deploy.local.services import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_was_asked_for_and_is_taken_stops_the_start(taken: int) -> None:
    with pytest.raises(CannotRun, match=f"Port {taken} is in use. Choose another"):
        demo._listener(taken)


def test_the_variable_names_the_port_too(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(taken))
    with pytest.raises(CannotRun, match=f"Port {taken} is in use"):
        demo._listener(None)


@pytest.mark.parametrize("port", ["http", "-1", "65536", "8000.5", "²"])
def test_what_is_no_port_stops_the_start(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CannotRun, match=r"is not a port. Choose one from 1 to 65535"):
        demo._listener(None)


def test_without_a_wish_the_next_free_port_is_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.setattr(demo, "FIRST_PORT", taken)
    with demo._listener(None) as listener:
        assert listener.getsockname()[1] > taken


def test_nobody_shares_the_port_that_a_demo_has_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "FIRST_PORT", taken)
    with demo._listener(None) as listener, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as the proxy of another demo does
        with pytest.raises(OSError, match="in use"):
            other.bind(listener.getsockname())


def test_a_port_is_free_again_as_soon_as_its_demo_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with demo._listener(free_port()) as listener, socket.create_connection(listener.getsockname()):
        port = listener.getsockname()[1]
        listener.accept()[0].close()  # closed from this side, it stays in TIME_WAIT for a minute
    with demo._listener(port) as again:
        assert again.getsockname()[1] == port


@pytest.mark.parametrize("error", [CannotRun("Valkey ended at once."), OperationalError("The server closed.")])
def test_a_demo_whose_server_does_not_come_back_ends_with_a_sentence(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(demo, "DemoFolder", lambda: DemoFolder(tmp_path))
    monkeypatch.setattr(demo, "start_stack", fail)
    monkeypatch.setattr(sys, "argv", ["demo", "--once"])
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    assert demo.main() == 1
    assert str(error) in capsys.readouterr().out


def test_a_second_demo_in_the_folder_ends_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "DemoFolder", lambda: DemoFolder(tmp_path))
    monkeypatch.setattr(sys, "argv", ["demo", "--once"])
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    with DemoFolder(tmp_path).locked():
        assert demo.main() == 1
    assert capsys.readouterr().out.startswith("A demo already runs in this folder")
