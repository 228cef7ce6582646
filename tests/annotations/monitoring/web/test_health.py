"""GET /livez and /readyz"""

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from annotations.models import Phrase
from annotations.monitoring.web import health
from annotations.queue.heartbeats import store_heartbeat
from clarify_site.site_name import site_name
from tests.support.actors import Visit
from tests.support.views_pages import say

CHECK, SITE = health.check_in_hand, site_name(settings.SECRET_KEY)


@pytest.fixture(autouse=True)
def in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check within the test's own transaction."""

    def at_once() -> Future[object]:
        done: Future[object] = Future()
        try:
            done.set_result(health.readiness())
        except Exception as error:
            done.set_exception(error)
        return done

    monkeypatch.setattr(health, "check_in_hand", at_once)


@pytest.fixture
def in_a_thread(in_this_thread: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Check as the site does, with something else in the place of what asks the database."""

    def with_state(state: Callable[[], object]) -> None:
        monkeypatch.setattr(health, "check_in_hand", CHECK)
        monkeypatch.setattr(health, "readiness", state)

    return with_state


def test_a_live_process_answers_without_the_database(client: Client) -> None:
    assert client.get("/livez").content == b"alive\n"


def test_ready_means_database_and_migrations(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    state = response.json()
    assert (state["database"], state["migrations"], state["oldest_pending_s"]) == (True, True, 0.0)


def test_it_says_how_long_the_oldest_phrase_has_waited(alice: Visit, client: Client) -> None:
    say(alice, "red")
    Phrase.objects.update(submitted_at=timezone.now() - dt.timedelta(seconds=90))
    assert 90 <= client.get("/readyz").json()["oldest_pending_s"] < 100


def test_a_queue_that_nobody_serves_is_named_and_the_site_is_ready_all_the_same(client: Client, db: None) -> None:
    queues = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    now = timezone.now()
    store_heartbeat(sorted(queues), now, process="a:1", started_at=now)
    assert client.get("/readyz").json()["silent_queues"] == []
    store_heartbeat(["maintenance"], now - dt.timedelta(seconds=90), process="a:1", started_at=now)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["silent_queues"]) == (200, ["maintenance"])


def test_without_the_database_it_is_not_ready(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OperationalError

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", fail)
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"site": SITE, "database": False})


def test_with_a_migration_left_it_is_not_ready(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = ("annotations", "0065_a_session_is_called_a_visit")
    assert MigrationRecorder.Migration.objects.filter(app=newest[0], name=newest[1]).delete()[0] == 1
    response = client.get("/readyz")
    assert (response.status_code, response.json()["migrations"]) == (503, False)


def test_a_migration_of_the_next_version_does_no_harm(client: Client, db: None) -> None:
    MigrationRecorder.Migration.objects.create(
        app="annotations", name="9999_of_the_next_version", applied=timezone.now()
    )
    assert client.get("/readyz").status_code == 200


def test_the_files_of_migrations_are_read_once(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/readyz")
    monkeypatch.setattr(MigrationLoader, "__init__", None)  # would raise
    assert client.get("/readyz").status_code == 200


def test_a_database_that_never_answers_is_out_in_two_seconds_and_holds_one_thread(
    client: Client, in_a_thread: Callable[[Callable[[], object]], None]
) -> None:
    continued, asked = threading.Event(), []

    def stopped() -> dict[str, object]:
        asked.append(1)
        continued.wait()
        return {"database": True, "migrations": True}

    in_a_thread(stopped)
    began = time.monotonic()
    assert [client.get("/readyz").status_code for _ in range(2)] == [503, 503]
    assert time.monotonic() - began < 2 * 2
    assert len(asked) == 1
    continued.set()
    assert client.get("/readyz").status_code == 200


def test_a_site_says_which_it_is_and_not_its_key(client: Client, db: None) -> None:
    assert client.get("/readyz").json()["site"] == SITE != site_name("another key")
    assert settings.SECRET_KEY not in client.get("/readyz").content.decode()
