"""A worker's sign of life: the watchdog's file at each touch, a row for each of its queues every few seconds."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.utils import timezone

from annotations.models import WorkerHeartbeat
from annotations.queue import heartbeats
from annotations.queue.heartbeats import store_heartbeat
from worker.queue import worker_heartbeat


@pytest.fixture(autouse=True)
def _serves_nothing(settings) -> Iterator[None]:
    settings.WORKER_HEARTBEAT = ""
    yield
    worker_heartbeat.serves([])


def test_a_process_that_serves_no_queue_writes_nothing(db: None) -> None:
    worker_heartbeat.touch()
    assert not WorkerHeartbeat.objects.exists()


def test_each_queue_of_a_process_has_a_row_which_the_next_beat_moves(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    worker_heartbeat.serves(["interactive", "retrain"])
    worker_heartbeat.touch()
    first = dict(WorkerHeartbeat.objects.values_list("queue", "heartbeat_at"))
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0.0)
    worker_heartbeat.touch()
    second = dict(WorkerHeartbeat.objects.values_list("queue", "heartbeat_at"))
    assert set(first) == set(second) == {"interactive", "retrain"}
    assert all(second[queue] > first[queue] for queue in first)


def test_a_busy_loop_writes_every_few_seconds_alone(db: None, django_assert_num_queries) -> None:
    worker_heartbeat.serves(["interactive"])
    worker_heartbeat.touch()
    with django_assert_num_queries(0):
        worker_heartbeat.touch()


def test_a_row_that_cannot_be_written_does_not_stop_the_loop(
    db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(heartbeats, "store_heartbeat", fail)
    settings.WORKER_HEARTBEAT = str(tmp_path / "beat")
    worker_heartbeat.serves(["interactive"])
    worker_heartbeat.touch()
    assert Path(settings.WORKER_HEARTBEAT).exists()


def test_a_thread_beside_tells_when_the_loop_turned_last(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    worker_heartbeat.serves(["embed"])
    worker_heartbeat.touch_file()
    turned = worker_heartbeat._touched_at
    worker_heartbeat.store()
    monkeypatch.setattr(worker_heartbeat, "BEAT_EVERY_S", 0.0)
    worker_heartbeat.store()
    assert WorkerHeartbeat.objects.get().heartbeat_at == turned


def test_processes_that_ended_long_ago_are_forgotten(db: None) -> None:
    now = timezone.now()
    store_heartbeat(["retrain"], now - heartbeats.KEPT - dt.timedelta(seconds=1), process="old:1", started_at=now)
    store_heartbeat(["retrain"], now, process="new:2", started_at=now)
    assert heartbeats.forget(now) == 1
    assert WorkerHeartbeat.objects.get().process == "new:2"
