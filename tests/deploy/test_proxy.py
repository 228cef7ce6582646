"""The proxy alone: a real Caddy with deploy/Caddyfile, before an upstream that notes what reaches it."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.urls import reverse

from tests.support.served import proxy_before

pytestmark = pytest.mark.services

UPLOADS = "/admin/uploads/"
PAGE = "/visit/"
VIEWER = "/static/drf_spectacular_sidecar/viewer.js"
LARGE = b"a" * 2**24  # more than the kernel takes of what nobody reads


class Upstream(ThreadingHTTPServer):
    """Stands for the web role. `refuses_uploads`: what it answers to the question whether one may pass."""

    daemon_threads = True
    refuses_uploads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.reached: list[tuple[str, str, int]] = []  # method, path, bytes of the body as it was read
        self.answered: list[str] = []  # paths whose answer has left


class Answer(BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._note(b"")
        asked = self.path == reverse("upload_permission")
        self._answer(403 if asked and self.server.refuses_uploads else 200, LARGE if self.path == VIEWER else b"")
        self.server.answered.append(self.path)

    def do_POST(self) -> None:
        self.server.reached.append((self.command, self.path, -1))
        self._note(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(200)

    def _note(self, body: bytes) -> None:
        self.server.reached.append((self.command, self.path, len(body)))

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _before(upstream: Upstream, tmp_path: Path, **changed: Any) -> Any:
    return proxy_before(f"127.0.0.1:{upstream.server_port}", tmp_path, **changed)


def _unfinished(port: int, path: str, body: bytes = b"a" * 100) -> socket.socket:
    """A connection on which a POST has begun whose body never ends."""
    sender = socket.create_connection(("127.0.0.1", port))
    sender.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n".encode() + body)
    return sender


def test_a_request_reaches_the_site_once_all_of_it_is_there(upstream: Upstream, tmp_path: Path) -> None:
    with _before(upstream, tmp_path) as port, _unfinished(port, PAGE) as sender:
        assert httpx2.get(f"http://127.0.0.1:{port}/other").status_code == 200  # by now the first has been read
        assert ("POST", PAGE, -1) not in upstream.reached
        sender.sendall(b"a" * 900)
        assert sender.recv(100).startswith(b"HTTP/1.1 200")
        assert ("POST", PAGE, 1000) in upstream.reached


def test_a_file_passes_as_it_comes_once_the_site_allows_it(upstream: Upstream, tmp_path: Path) -> None:
    with _before(upstream, tmp_path) as port, _unfinished(port, f"{UPLOADS}data-set/") as sender:
        while ("POST", f"{UPLOADS}data-set/", -1) not in upstream.reached:
            assert sender.fileno() > 0
        sender.sendall(b"a" * 900)
        assert sender.recv(100).startswith(b"HTTP/1.1 200")
    paths = [path for _, path, _ in upstream.reached if path != "/livez"]
    assert paths[0] == reverse("upload_permission")


def test_a_file_that_the_site_does_not_allow_never_reaches_it(upstream: Upstream, tmp_path: Path) -> None:
    upstream.refuses_uploads = True
    with _before(upstream, tmp_path) as port, _unfinished(port, f"{UPLOADS}data-set/") as sender:
        sender.sendall(b"a" * 900)
        assert sender.recv(100).startswith(b"HTTP/1.1 403")
    assert not [method for method, *_ in upstream.reached if method == "POST"]


@pytest.mark.parametrize("path", ["/language", "/admin/login/", "/admin/annotations/study/add/"])
def test_a_body_that_the_site_would_refuse_ends_at_the_proxy(upstream: Upstream, tmp_path: Path, path: str) -> None:
    with _before(upstream, tmp_path) as port:
        assert httpx2.post(f"http://127.0.0.1:{port}{path}", content=b"a" * 2**20).status_code == 413


def test_a_connection_on_which_nothing_comes_is_ended(upstream: Upstream, tmp_path: Path) -> None:
    begun = (b"", b"GET / HTTP/1.1\r\nHost:", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with _before(upstream, tmp_path, read_header="500ms", idle="500ms") as port:
        senders = [socket.create_connection(("127.0.0.1", port)) for _ in begun]
        for sender, sent in zip(senders, begun, strict=True):
            sender.sendall(sent)
        for sender in senders:
            while sender.recv(1000):  # what it is answered, then the end
                pass
            sender.close()


def test_an_upload_that_takes_too_long_is_ended_for_the_site(upstream: Upstream, tmp_path: Path) -> None:
    path = f"{UPLOADS}data-set/"
    with _before(upstream, tmp_path, read_body="500ms") as port, _unfinished(port, path, b"a" * 100):
        while ("POST", path, 100) not in upstream.reached:  # it has read to the end, and less than there should be
            time.sleep(0.05)


def test_of_those_who_read_a_large_file_slowly_two_are_with_the_site(upstream: Upstream, tmp_path: Path) -> None:
    with _before(upstream, tmp_path) as port:
        readers = [socket.create_connection(("127.0.0.1", port)) for _ in range(10)]
        for reader in readers:
            reader.sendall(f"GET {VIEWER} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while upstream.reached.count(("GET", VIEWER, 0)) < 2:
            time.sleep(0.05)
        for _ in range(20):
            assert httpx2.get(f"http://127.0.0.1:{port}{PAGE}").status_code == 200
        assert upstream.reached.count(("GET", VIEWER, 0)) == 2 and VIEWER not in upstream.answered
        for reader in readers:
            reader.close()


def test_more_sockets_than_it_may_open_leave_it_running(upstream: Upstream, tmp_path: Path) -> None:
    with _before(upstream, tmp_path, files=128, read_header="1s") as port:
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
        assert httpx2.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 200
        for sender in idle:
            sender.close()
