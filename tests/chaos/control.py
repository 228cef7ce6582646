"""The control: a plain queue, whose message is the only copy of the work until a worker has stored it.

Celery as its documentation has it: prefork, late acknowledgement, the payload in the message. The same servers, the
same kills; what the sender was told is compared with what is stored. Its workers load this module and no Django.
"""

import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from celery import Celery
from kombu.exceptions import OperationalError

from deploy.local.processes import Program, kill, start
from deploy.local.services import Server

QUEUE, TABLE_URL, WORK_S = "control", "CONTROL_DATABASE_URL", 0.01
MAX_RUNS, KILLS, BROKER_KILLS = 5, 24, 4
REDELIVERED_AFTER_S, DRAINED_WITHIN_S, QUIET_S = 5, 360.0, 12.0
SENDERS, PAUSE_S = 4, 0.02

app = Celery("control", broker=os.environ.get("REDIS_URL", ""), set_as_current=False)
app.conf.update(
    task_default_queue=QUEUE,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"visibility_timeout": REDELIVERED_AFTER_S},  # an hour by default: this one is kinder
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,
)


@app.task(name="control.keep")
def keep(phrase: str) -> None:
    """Score a phrase, as it were, and store it."""
    time.sleep(WORK_S)
    with psycopg.connect(os.environ[TABLE_URL], autocommit=True) as connection:
        connection.execute("INSERT INTO control_kept (phrase) VALUES (%s)", [phrase])


@dataclass(frozen=True)
class ControlRun:
    """One run: how many phrases the broker took, how many of these are not stored or stored more than once."""

    acknowledged: int
    lost: int
    doubled: int
    kills: int


def until_some_are_lost(database: Server, broker: Server, log: Path, seed: int) -> Iterator[ControlRun]:
    """Repeat the run until it loses some, at most MAX_RUNS times, and yield each. Raises CannotRun."""
    for number in range(MAX_RUNS):
        run = _run(database, broker, log, random.Random(f"{seed}/{number}"))
        yield run
        if run.lost:
            return


def _run(database: Server, broker: Server, log: Path, rng: random.Random) -> ControlRun:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS control_kept")
        connection.execute("CREATE TABLE control_kept (phrase uuid NOT NULL)")
        command = (
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tests.chaos.control",
            "worker",
            "-c",
            "4",
            "--loglevel",
            "WARNING",
        )
        env = {**os.environ, "REDIS_URL": broker.url, TABLE_URL: database.url}
        worker = Program("control", command, log, env)
        acknowledged: list[str] = []
        over = threading.Event()
        sent = (Celery("senders", broker=broker.url, set_as_current=False), acknowledged, over)
        threads = [threading.Thread(target=_send, args=sent, daemon=True) for _ in range(SENDERS)]
        child = start(worker)
        for thread in threads:
            thread.start()
        acts = rng.sample(["worker"] * KILLS + ["broker"] * BROKER_KILLS, KILLS + BROKER_KILLS)
        for act in acts:
            time.sleep(rng.uniform(1.5, 4.0))  # a worker takes about a second to start
            if act == "worker" or not child.is_running:
                kill(child)
                child = start(worker)
            else:
                broker.kill()
                time.sleep(0.5)
                broker.start()
        over.set()
        for thread in threads:
            thread.join()
        if not child.is_running:
            child = start(worker)

        def stored() -> int:
            row = connection.execute("SELECT count(*) FROM control_kept").fetchone()
            return int(row[0]) if row else 0

        _drain(broker, stored)
        kill(child)
        kept = connection.execute("SELECT phrase::text, count(*) FROM control_kept GROUP BY phrase").fetchall()
        connection.execute("DROP TABLE control_kept")
    times = {str(phrase): int(n) for phrase, n in kept}
    lost = sum(phrase not in times for phrase in acknowledged)
    return ControlRun(len(acknowledged), lost, sum(n > 1 for n in times.values()), len(acts))


def _send(queue: Celery, acknowledged: list[str], over: threading.Event) -> None:
    while not over.wait(PAUSE_S):
        phrase = str(uuid.uuid4())
        try:
            queue.send_task(keep.name, [phrase], queue=QUEUE, retry=False)
        except (OperationalError, redis.RedisError):
            continue  # not acknowledged
        acknowledged.append(phrase)


def _drain(broker: Server, stored: Callable[[], int]) -> None:
    """Wait until nothing is in the queue or with a worker, and nothing more is stored for a while."""
    until, before, since = time.monotonic() + DRAINED_WITHIN_S, -1, time.monotonic()
    with redis.Redis.from_url(broker.url) as client:
        while time.monotonic() < until:
            left, now = client.llen(QUEUE) + client.hlen("unacked"), stored()
            if left or now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() - since > QUIET_S:
                return
            time.sleep(0.2)
