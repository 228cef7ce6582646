"""A body that a view leaves unread, or that never ends, does no harm to whoever sends the next request.

Real Caddy and real gunicorn, each with its file of deploy/, and an application that reads nothing.
"""

import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import httpx2
import pytest

from deploy.local.services import free_port
from deploy.local.site import GUNICORN
from tests.support.served import proxy_before

pytestmark = pytest.mark.services

UNREAD = b"a" * 200_000  # below the proxy's limit, above what gunicorn passes over by itself
REQUESTS, ATTACKERS, THREADS = 100, 4, 2
UPLOADS = ("/admin/uploads/a", "/Admin/Uploads/a", "/admin//uploads/a", "/admin/%75ploads/a", "/a/../admin/uploads/a")


class Served(NamedTuple):
    """Where the proxy and the web role listen, and what the web role has noted."""

    proxy: int
    web: int
    log: Path


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    port, log = free_port(), tmp_path / "web.log"
    command = [sys.executable, "-m", "gunicorn", "tests.deploy.never_reads:application", "-c", str(GUNICORN)]
    with log.open("wb") as stream:
        web = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}"],
            env={**os.environ, "WEB_THREADS": str(THREADS), "WEB_PROCESSES": "1"},
            stdout=stream,
            stderr=stream,
        )
        try:
            with proxy_before(f"127.0.0.1:{port}", tmp_path) as proxy:
                yield Served(proxy, port, log)
        finally:
            web.terminate()
            web.wait()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/a", UNREAD),
        ("GET", "/a", UNREAD),
        ("OPTIONS", "/a", UNREAD),
        ("HEAD", "/a", UNREAD),
        ("POST", "/a", [UNREAD]),
        ("POST", "/admin/uploads/a", UNREAD),
    ],
    ids=["POST", "GET", "OPTIONS", "HEAD", "in chunks", "upload"],
)
def test_bodies_that_nobody_reads_fail_nobody_elses_post(
    served: Served, method: str, path: str, body: bytes | list[bytes]
) -> None:
    is_over = threading.Event()

    def attack() -> None:
        """Send until the victims have been answered, whatever becomes of the sender itself."""
        while not is_over.is_set():
            with suppress(httpx2.TransportError):
                httpx2.request(method, f"http://127.0.0.1:{served.proxy}{path}", content=body, timeout=60)

    attackers = [threading.Thread(target=attack) for _ in range(ATTACKERS)]
    for attacker in attackers:
        attacker.start()
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{served.proxy}", timeout=60) as victim:
            paths = ["/b", "/admin/uploads/b"] * REQUESTS
            answered = Counter(victim.post(path, content=b"a=b").status_code for path in paths)
    finally:
        is_over.set()
        for attacker in attackers:
            attacker.join()
    assert answered == {200: 2 * REQUESTS}


def _sent(port: int, head: str, body: bytes = b"") -> socket.socket:
    sender = socket.create_connection(("127.0.0.1", port))
    sender.sendall(f"{head}\r\nHost: localhost\r\n".encode() + body)
    return sender


def _answer(sender: socket.socket) -> bytes:
    """The next answer, whose body is one digit."""
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2]:
        received = sender.recv(1000)
        assert received, "the connection was closed"
        answer += received
    return answer


def test_the_web_role_keeps_a_connection_whose_body_nobody_read(served: Served) -> None:
    posted = b"Content-Length: %d\r\n\r\n" % len(UNREAD) + UNREAD
    with _sent(served.web, "POST /a HTTP/1.1", posted) as sender:
        assert b"Connection: keep-alive" in _answer(sender)
        sender.sendall(b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
        assert _answer(sender).endswith(b"3")


@pytest.mark.parametrize("head", ["POST /admin/uploads/a HTTP/1.1", "POST /a HTTP/1.1"])
def test_the_web_role_says_that_it_closes_a_connection_with_more_to_come(served: Served, head: str) -> None:
    much = b"Content-Length: 1000000\r\n\r\n" + UNREAD * 2
    with _sent(served.web, head, much) as sender:
        assert b"Connection: close" in _answer(sender)


@pytest.mark.parametrize("path", UPLOADS)
def test_uploads_that_never_end_hold_no_thread_before_their_view_reads(served: Served, path: str) -> None:
    with ExitStack() as senders:
        for _ in range(THREADS * 3):
            body = b"Content-Length: 1000\r\n\r\n" + b"a" * 100
            senders.enter_context(_sent(served.proxy, f"POST {path} HTTP/1.1", body))
        for _ in range(10):
            assert httpx2.get(f"http://127.0.0.1:{served.proxy}/b").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 5000\r\n\r\n" + b"a" * 1000,
        b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + b"a" * 1000 + b"\r\n",
        b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n",
    ],
    ids=["length", "chunks", "expects to be asked"],
)
def test_a_body_that_breaks_off_never_reaches_the_site(served: Served, body: bytes) -> None:
    with _sent(served.proxy, "POST /read/part HTTP/1.1", body) as sender:
        sender.shutdown(socket.SHUT_WR)
        while sender.recv(1000):
            pass
    assert httpx2.get(f"http://127.0.0.1:{served.proxy}/after").status_code == 200
    noted = served.log.read_text("utf-8")
    assert "reached /after" in noted and "/read/part" not in noted


def test_what_follows_an_unread_body_on_a_connection_is_the_next_request(served: Served) -> None:
    follows = b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    body = b"Content-Length: %d\r\n\r\n" % len(UNREAD) + UNREAD + follows
    with _sent(served.proxy, "POST /a HTTP/1.1", body) as sender:
        answers = b"".join(iter(lambda: sender.recv(1000), b""))
    assert answers.count(b"HTTP/1.1 200") == 2 and answers.endswith(b"3")
