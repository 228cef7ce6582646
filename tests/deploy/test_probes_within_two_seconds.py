"""/readyz and /livez answer within two seconds, whatever stands still, also while requests hold every thread."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from annotations.models import Study
from clarify_site import web_connections
from deploy.local import site as site_module
from deploy.local.services import Server, free_port, valkey_server
from deploy.local.site import Site, roles
from tests.support import local_services
from tests.support.served import served

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(local_services.database is None, reason="the database is not the tests' own to stop"),
    pytest.mark.django_db(transaction=True),
]

WITHIN_S = 2.0
READERS = 20  # more than the web role has threads


@dataclass
class Served:
    site: Site
    database: Server
    broker: Server

    def ask(self, path: str) -> tuple[int, float]:
        began = time.monotonic()
        status = httpx2.get(f"http://127.0.0.1:{self.site.port}{path}", timeout=30).status_code
        return status, time.monotonic() - began

    def read(self, path: str) -> None:
        with suppress(httpx2.HTTPError):
            self.ask(path)


@pytest.fixture
def running(
    monkeypatch: pytest.MonkeyPatch, subprocess_environment: dict[str, str], tmp_path: Path
) -> Iterator[Served]:
    monkeypatch.setattr(site_module, "roles", lambda web, scratch: served(roles(web, scratch)))
    assert local_services.database is not None
    with ExitStack() as stack:
        broker = stack.enter_context(valkey_server(tmp_path / "valkey", tmp_path / "valkey.log", durable=False))
        site = Site(free_port(), {**subprocess_environment, "REDIS_URL": broker.url}, tmp_path, tmp_path)
        stack.callback(site.stop)
        site.start()
        site.wait_until_ready()
        yield Served(site, local_services.database, broker)


@contextmanager
def _stopped(running: Served, what: str) -> Iterator[None]:
    tell = {"PostgreSQL": running.database.signal, "Valkey": running.broker.signal}.get(
        what, lambda number: running.site.signal(what, number)
    )
    tell(signal.SIGSTOP)
    try:
        yield
    finally:
        tell(signal.SIGCONT)


@pytest.mark.parametrize(("what", "status"), [("PostgreSQL", 503), ("Valkey", 200), ("web", 504)])
def test_readyz_answers_within_two_seconds_while_one_stands_still(
    running: Served, open_study: Study, what: str, status: int
) -> None:
    with _stopped(running, what):
        readers = [
            threading.Thread(target=running.read, args=(f"/study/{open_study.slug}/",), daemon=True)
            for _ in range(READERS)
        ]
        for reader in readers:
            reader.start()
        time.sleep(1)  # they have come by then, to a web role that answers none of them
        answers = [running.ask("/readyz") for _ in range(3)]
    assert [answer for answer, _ in answers] == [status] * 3
    assert max(seconds for _, seconds in answers) < WITHIN_S
    for reader in readers:
        reader.join()


def test_a_page_says_so_soon_while_postgresql_stands_still_and_answers_soon_after(
    running: Served, open_study: Study
) -> None:
    page = f"/study/{open_study.slug}/?PROLIFIC_PID=p&STUDY_ID=s&SESSION_ID=v"
    assert running.ask(page)[0] == 200
    with _stopped(running, "PostgreSQL"):
        answers = [running.ask(page) for _ in range(6)]
    assert {status for status, _ in answers} == {503}
    assert max(seconds for _, seconds in answers) < 2 * web_connections.ASKED_S
    began = time.monotonic()
    while running.ask(page)[0] != 200:
        time.sleep(0.1)
        assert time.monotonic() - began < 2 * web_connections.ASKED_S


def test_a_site_without_a_web_role_says_so_within_two_seconds(running: Served) -> None:
    running.site.signal("web", signal.SIGKILL)
    status, seconds = running.ask("/readyz")
    assert (status, seconds < WITHIN_S) == (502, True)


def test_livez_answers_while_requests_hold_every_thread(running: Served, open_study: Study) -> None:
    with _stopped(running, "PostgreSQL"):
        readers = [threading.Thread(target=running.read, args=(f"/study/{open_study.slug}/",)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        time.sleep(1)
        status, seconds = running.ask("/livez")
    for reader in readers:
        reader.join()
    assert (status, seconds < WITHIN_S) == (200, True)
