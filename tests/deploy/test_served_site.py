"""The served site, proxy and web role: what holds while others send slowly, and what its logs say of them."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from django.test import Client

from annotations.models import Study, Submission
from annotations.prolific.submission_import import LARGEST_FILE
from deploy.local import site as site_module
from deploy.local.services import free_port
from deploy.local.site import Site, roles
from tests.support.actors import Visit
from tests.support.served import served

pytestmark = pytest.mark.services

SENDERS, FROM = 40, "127.0.0.77"
TOKEN = "a" * 32
FILE = "Submission id,Participant id,Status\n5f0000000000000000000001,5f0000000000000000000002,AWAITING REVIEW\n"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, subprocess_environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The address of a running site without its workers."""
    monkeypatch.setattr(site_module, "roles", lambda socket, scratch: served(roles(socket, scratch)))
    port = free_port()
    running = Site(port, subprocess_environment, tmp_path, tmp_path)
    running.start()
    running.wait_until_ready()
    yield f"http://127.0.0.1:{port}"
    running.stop()


def _slow_sender(site: str, path: str) -> socket.socket:
    """Somebody who has sent the beginning of a form and goes on byte by byte."""
    url = httpx2.URL(site)
    sender = socket.create_connection((url.host, url.port), source_address=(FROM, 0))
    head = f"POST {path}?PROLIFIC_PID=seen HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: csrftoken={TOKEN}\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000\r\n\r\ntext="
    sender.sendall((head + form).encode())
    return sender


def test_forty_who_never_finish_keep_nobody_waiting(site: str, alice: Visit, tmp_path: Path) -> None:
    task = f"/visit/tasks/{alice.assignment.public_id}/"
    senders = [
        _slow_sender(site, path)
        for path in (f"{task}phrases", "/admin/login/", "/admin/uploads/data-set/", "/admin/uploads/other")
        for _ in range(SENDERS)
    ]
    cookies = {"clarify_session": alice.client.cookies["clarify_session"].value}
    with httpx2.Client(base_url=site, cookies=cookies, timeout=20) as visitor:
        for _ in range(20):
            for sender in senders:
                _send_one_byte(sender)
            assert visitor.get(task).status_code == 200
            assert visitor.get("/admin/login/").status_code == 200
    for sender in senders:
        sender.close()
    said = [path.read_text("utf-8") for path in tmp_path.glob("*.log")]
    assert not [text for text in said if FROM in text or "PROLIFIC_PID" in text]


def test_texts_of_many_combining_marks_keep_nobody_waiting(site: str, alice: Visit) -> None:
    """One of them stopped a process for 35 s. /livez of either process answers within 2 s, as a load balancer asks."""
    cookies = {"clarify_session": alice.client.cookies["clarify_session"].value, "csrftoken": TOKEN}
    fields = {"csrfmiddlewaretoken": (None, TOKEN), "text": (None, "\u0301\u0334" * 60_000)}
    with httpx2.Client(base_url=site, cookies=cookies, timeout=60) as browser, ThreadPoolExecutor(4) as senders:
        paths = (f"/visit/tasks/{alice.assignment.public_id}/phrases", "/visit/tutorial/phrases", "/admin/login/")
        sent = [senders.submit(browser.post, path, files=fields) for path in paths * 4]
        while not all(post.done() for post in sent):
            assert httpx2.get(f"{site}/livez", timeout=2).status_code == 200
        assert {post.result().status_code for post in sent} == {400}


def _send_one_byte(sender: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was answered and cut off
        sender.sendall(b"a")


def test_files_reach_the_site_through_the_proxy(site: str, open_study: Study, admin_client: Client) -> None:
    cookies = {name: cookie.value for name, cookie in admin_client.cookies.items()} | {"csrftoken": TOKEN}
    token = {"csrfmiddlewaretoken": TOKEN}
    with httpx2.Client(base_url=site, cookies=cookies, params=token, timeout=60) as browser:
        rows = FILE + "\n" * (LARGEST_FILE - len(FILE))
        page = f"/admin/uploads/studies/{open_study.pk}/submissions/"
        assert browser.post(page, data={"complete": 1}, files={"file": ("submissions.csv", rows)}).status_code == 302
        assert Submission.objects.filter(study=open_study).count() == 1
        archive = ("birds.rar", b"0" * 2**24)
        answer = browser.post(
            "/admin/uploads/data-set/", data={"name": "birds", "complete": 1}, files={"archive": archive}
        )
        assert answer.status_code == 400
        assert "The archive has an unknown format" in answer.text


def test_bodies_that_no_view_reads_fail_nobody_elses_post(site: str) -> None:
    is_over = threading.Event()

    def attack() -> None:
        with httpx2.Client(base_url=site, timeout=60) as stranger:
            while not is_over.is_set():
                stranger.post("/nowhere", content=b"a" * 200_000)

    strangers = [threading.Thread(target=attack) for _ in range(4)]
    for stranger in strangers:
        stranger.start()
    try:
        with httpx2.Client(base_url=site, timeout=60) as visitor:
            answered = {visitor.post("/language", data={"language": "de"}).status_code for _ in range(60)}
    finally:
        is_over.set()
        for stranger in strangers:
            stranger.join()
    assert answered == {403}  # without a token, by the site itself


def test_a_request_that_is_none_leaves_a_line_without_its_sender(
    subprocess_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked without the proxy, which would not pass it on."""
    port = free_port()

    def on_a_port(socket: Path, scratch: Path) -> dict[str, list[str]]:
        web = [part.replace(f"unix:{socket}", f"127.0.0.1:{port}") for part in roles(socket, scratch)["web"]]
        return {"web": web}

    monkeypatch.setattr(site_module, "roles", on_a_port)
    # The site holds a port of its own for the proxy, which nothing runs here.
    running, log = Site(free_port(), subprocess_environment, tmp_path, tmp_path), tmp_path / "web.log"
    running.start()
    try:
        while not _answer(port, b"GET /visit/?PROLIFIC_PID=seen HTTP/9.9.9\r\n\r\n"):
            time.sleep(0.1)
        while "Invalid request" not in log.read_text("utf-8"):
            time.sleep(0.05)
    finally:
        running.stop()
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert {"event", "level", "logger", "timestamp"} <= set(lines[0])
    assert "seen" not in log.read_text("utf-8") and FROM not in log.read_text("utf-8")


def _answer(port: int, request: bytes) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), source_address=(FROM, 0)) as sender:
            sender.sendall(request)
            return sender.recv(1000)
    except OSError:
        return b""
