import socket
from collections.abc import Iterator

import pytest
from celery.signals import task_prerun
from django.db import transaction
from kombu import Connection
from kombu.simple import SimpleQueue

from annotations.base import redis_counters
from annotations.queue import worker_wakeup
from clarify_site.celery import app
from worker.tasks.interactive import score_phrases


@pytest.fixture
def interactive() -> Iterator[SimpleQueue]:
    """The queue of the scoring workers, emptied; none runs in this process."""
    with app.connection_for_read() as connection, connection.SimpleQueue("interactive", no_ack=True) as queue:
        queue.clear()
        yield queue


def broker_at(monkeypatch, port: int) -> None:
    connection = Connection(
        f"redis://127.0.0.1:{port}/0",
        transport_options={"max_retries": 0, "socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    )
    monkeypatch.setattr(worker_wakeup, "connection", lambda: connection)


def test_a_dispatch_of_scores_is_a_message_without_arguments_to_the_scoring_workers(interactive):
    worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    message = interactive.get(timeout=60)
    args, kwargs, _ = message.payload
    assert (args, kwargs) == ([], {})
    assert message.headers["task"] == worker_wakeup.SCORE_PHRASES
    assert message.headers["ignore_result"] is True


def test_one_message_is_enough_until_a_worker_takes_it_up(interactive, monkeypatch):
    monkeypatch.setattr(worker_wakeup, "WAKING_S", 60)
    for _ in range(3):
        worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert interactive.qsize() == 1
    task_prerun.send(sender=score_phrases, task=score_phrases)
    worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert interactive.qsize() == 2


def test_without_redis_every_message_is_sent(interactive, monkeypatch):
    monkeypatch.setattr(redis_counters, "count", lambda *_: None)
    for _ in range(3):
        worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert interactive.qsize() == 3


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_if_the_transaction_rolls_back(monkeypatch):
    sent = []
    monkeypatch.setattr(worker_wakeup, "send", sent.append)

    def submit_and_fail() -> None:
        with transaction.atomic():
            worker_wakeup.dispatch_on_commit(worker_wakeup.SCORE_PHRASES)
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError):
        submit_and_fail()
    assert sent == []


def test_a_broker_that_is_down_is_logged_and_never_raised(monkeypatch, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        broker_at(monkeypatch, taken.getsockname()[1])
        worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert "broker did not accept worker.score_phrases" in caplog.text


def test_a_broker_that_never_answers_is_given_up(monkeypatch, caplog):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        broker_at(monkeypatch, silent.getsockname()[1])
        worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert "broker did not accept worker.score_phrases" in caplog.text


def test_after_a_failure_requests_do_not_wait_for_the_broker_again_for_a_while(monkeypatch):
    asked = []
    monkeypatch.setattr(worker_wakeup, "connection", lambda: asked.append(1))
    worker_wakeup.broker_circuit.open()
    worker_wakeup.send(worker_wakeup.SCORE_PHRASES)
    assert asked == []
