"""Connections whose other end is gone without a word are given up within seconds, and new ones are made."""

import os
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from kombu import Connection

from annotations.queue import worker_wakeup
from clarify_site.celery import app
from tests.chaos.relay import Relay, relay
from tests.worker.processes import wait_until, worker

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the kernel's socket filters are Linux's"),
    pytest.mark.django_db(transaction=True),
]

BROKER = urlsplit(os.environ["REDIS_URL"])
OF_A_SILENT_END = {"keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}


@pytest.fixture
def broker() -> Iterator[Relay]:
    with relay(lambda: socket.create_connection((BROKER.hostname, BROKER.port))) as running:
        yield running


def _url(broker: Relay) -> str:
    user = BROKER.netloc.rpartition("@")[0]
    return urlunsplit(BROKER._replace(netloc=f"{user}@127.0.0.1:{broker.port}"))


def test_a_worker_whose_broker_fell_silent_works_again(
    broker: Relay, subprocess_environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"

    def sent_and_done() -> int:
        worker_wakeup.dispatch_on_commit(
            worker_wakeup.END_OVERDUE_ASSIGNMENTS
        )  # what the silent connection took is lost
        return log.read_text().count("succeeded")

    environment = {**subprocess_environment, "REDIS_URL": _url(broker), "LOG_LEVEL": "INFO"}
    with worker(log, environment, "maintenance") as process:
        wait_until(sent_and_done, process, log)
        broker.fall_silent()
        done_before = sent_and_done()
        wait_until(lambda: sent_and_done() > done_before, process, log)


def test_a_dispatch_does_not_wait_for_a_broker_that_fell_silent(
    broker: Relay, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    timeouts = worker_wakeup.connection().transport_options or {}
    through = Connection(_url(broker), transport_options={**app.conf.broker_transport_options, **timeouts})
    monkeypatch.setattr(worker_wakeup, "connection", lambda: through)
    worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert caplog.text == ""
    assert broker.fall_silent() > 0  # connections, or the first message was never sent
    worker_wakeup.taken_up(worker_wakeup.SCORE_PHRASES)
    worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert "broker did not accept worker.score_phrases" in caplog.text
    caplog.clear()
    worker_wakeup.broker_circuit.close()  # a little later
    worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert caplog.text == ""


@pytest.mark.skipif("host=" not in os.environ["DATABASE_URL"], reason="the server is not one of the tests' own")
def test_a_query_does_not_wait_for_a_database_that_fell_silent() -> None:
    (folder,) = parse_qs(urlsplit(os.environ["DATABASE_URL"]).query)["host"]

    def connect() -> socket.socket:
        end = socket.socket(socket.AF_UNIX)
        end.connect(f"{folder}/.s.PGSQL.5432")
        return end

    options = {name: settings.DATABASES["default"]["OPTIONS"][name] for name in OF_A_SILENT_END}
    with relay(connect) as database:
        address = f"postgresql://postgres@127.0.0.1:{database.port}/postgres"
        idle, waiting = (psycopg.connect(address, autocommit=True, **options) for _ in range(2))
        with ThreadPoolExecutor(1) as pool:
            under_way = pool.submit(waiting.execute, "SELECT pg_sleep(60)")
            while not idle.execute(
                "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()"
            ).fetchall():
                pass
            database.fall_silent()
            for query in (lambda: idle.execute("SELECT 1"), under_way.result):
                with pytest.raises(psycopg.OperationalError):
                    query()
