"""The probe asks /readyz under a name that the site answers to, wherever the setting stands."""

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import environ
import pytest
from environ.fileaware_mapping import FileAwareMapping

from deploy import probe


class Web(HTTPServer):
    """Stands for the web role: answers with `status`, and remembers what it was asked, and under which name."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str | None]] = []


class Answer(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setattr(environ.FileAwareEnv, "ENVIRON", FileAwareMapping())  # it reads each file once
    with Web() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(sys, "argv", ["probe", f"http://127.0.0.1:{server.server_port}"])
        yield server
        server.shutdown()


def test_it_asks_under_the_first_of_the_hosts(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", " clarify.example.org , www.example.org")
    assert probe.main() == 0
    assert web.asked == [("/readyz", "clarify.example.org")]


def test_the_hosts_may_stand_in_a_file(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "hosts"
    file.write_text("clarify.example.org\n")
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    monkeypatch.setenv("ALLOWED_HOSTS_FILE", str(file))
    assert probe.main() == 0
    assert web.asked == [("/readyz", "clarify.example.org")]


def test_a_site_that_is_not_ready_is_an_exit_code_and_a_sentence(
    web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "clarify.example.org")
    web.status = 503
    assert probe.main() == 1
    assert "not ready: HTTP Error 503" in capsys.readouterr().err


def test_without_a_host_it_says_so_and_asks_nobody(
    web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", " ")
    assert probe.main() == 1
    assert "ALLOWED_HOSTS is not set" in capsys.readouterr().err
    assert web.asked == []
