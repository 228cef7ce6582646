"""The tasks, named in annotations.services.queue.worker_wakeup.

None takes an argument: each drains all rows that are due.

A delivery too many finds nothing due, one too few is made up for by the sweeper (settings.CELERY_BEAT_SCHEDULE).
Modules with torch are imported inside, so that the worker that only watches the clock never loads it.
"""

import logging
import signal
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

from celery.signals import celeryd_after_setup, worker_ready
from django.db import OperationalError, connection
from django.utils import timezone

from annotations.services.allocation import places
from annotations.services.monitoring import alarms
from annotations.services.phrases import assignments
from annotations.services.queue import heartbeats, worker_wakeup
from annotations.services.visits import erasure, retention
from clarify_site.celery import app
from worker import alarm_notifications, prolific
from worker.queue import worker_heartbeat

logger = logging.getLogger(__name__)


@app.task(name=worker_wakeup.SCORE_PHRASES)
def score_phrases() -> None:
    """Score every due phrase."""
    from worker.phrases.scoring import score_due_phrases

    _sweep(score_due_phrases, "phrases scored")


@app.task(name=worker_wakeup.TRAIN_RUNS)
def train_runs() -> None:
    """Train every due run."""
    from worker.retraining.run_training import train_due_runs

    _sweep(train_due_runs, "runs trained")


@app.task(name=worker_wakeup.BENCHMARK_BASELINES)
def benchmark_baselines() -> None:
    """Measure one method of a due benchmark."""
    from worker.benchmarks.requested_benchmarks import measure_due_benchmark

    _sweep(measure_due_benchmark, "methods measured")


@app.task(name=worker_wakeup.TRAIN_CORRECTIONS)
def train_corrections() -> None:
    """Train every pooled correction that was asked for."""
    from worker.retraining.corrections import train_due_corrections

    _sweep(train_due_corrections, "corrections ended")


@app.task(name=worker_wakeup.END_OVERDUE_ASSIGNMENTS)
def end_overdue_assignments() -> None:
    """End every assignment whose time is over."""
    _sweep(lambda: assignments.end_overdue(timezone.now()), "overdue assignments ended")


@app.task(name=worker_wakeup.EXPIRE_LEASES)
def expire_leases() -> None:
    """Give up every place whose lease is over."""
    _sweep(lambda: places.expire(timezone.now()), "places given up")


@app.task(name=worker_wakeup.ERASE_WITHDRAWN)
def erase_withdrawn() -> None:
    """Erase everybody who withdrew: what they did, and who they are once they are paid."""
    _sweep(lambda: sum(astuple(erasure.erase_due(timezone.now()))), "people erased, in part or whole")


@app.task(name=worker_wakeup.APPLY_RETENTION)
def apply_retention() -> None:
    """Destroy the ids of every study whose retention period is over."""
    _sweep(lambda: retention.apply_due(timezone.now()), "studies made anonymous")


@app.task(name=worker_wakeup.CALL_PROLIFIC)
def call_prolific() -> None:
    """Send what coordinators asked of Prolific."""
    _sweep(prolific.send_due_requests, "requests done by Prolific")


@app.task(name=worker_wakeup.RECONCILE_SUBMISSIONS)
def reconcile_submissions() -> None:
    """Poll the submissions of every study whose last poll is too old."""
    _sweep(prolific.reconcile_due_studies, "submissions gone through")


@app.task(name=worker_wakeup.BUILD_RELEASES)
def build_releases() -> None:
    """Build every release that was asked for."""
    from worker.releases.release_building import build_due_releases

    _sweep(build_due_releases, "releases ended")


@app.task(name=worker_wakeup.IMPORT_DATASETS)
def import_datasets() -> None:
    """Import every data set that was asked for in the admin."""
    from worker.datasets.imports import run_due_imports

    _sweep(run_due_imports, "imports ended")


@app.task(name=worker_wakeup.RUN_REHEARSALS)
def run_rehearsals() -> None:
    """Send the next simulated participants of every rehearsal."""
    from worker.visits.rehearsals import run_due_rehearsals

    _sweep(run_due_rehearsals, "rehearsals went on")


@app.task(name=worker_wakeup.WATCH_STUDIES)
def watch_studies() -> None:
    """Raise and clear alarms, forget processes that ended long ago, and have somebody told beside the sweeps."""
    _sweep(lambda: alarms.watch(timezone.now()), "alarms raised or cleared")
    _sweep(lambda: heartbeats.forget(timezone.now()), "ended processes forgotten")
    alarm_notifications.notify_in_background()


def _sweep(drain: Callable[[], int], what: str) -> None:
    try:
        count = drain()
    except OperationalError as error:
        logger.warning("the database did not answer, due rows wait for the next sweep: %s", type(error).__name__)
        return
    worker_heartbeat.touch()
    if count:
        logger.info("%d %s", count, what)


@celeryd_after_setup.connect
def name_queues(instance: Any, **_: Any) -> None:
    """From its start on, a worker's heartbeat says which queues it serves."""
    worker_heartbeat.serves(instance.app.amqp.queues.consume_from)


@worker_ready.connect
def finish_what_is_in_hand(**_: Any) -> None:
    """Let QUIT and Ctrl-C do what TERM does: end after the task in hand.

    Celery's own handlers wait within the signal until the tasks of a pool's processes have ended. In a solo worker the
    task itself stands still meanwhile, with its rows locked, and an error then breaks it off wherever it is.
    """
    for number in (signal.SIGQUIT, signal.SIGINT):
        signal.signal(number, signal.getsignal(signal.SIGTERM))


@celeryd_after_setup.connect
def preload(instance: Any, **_: Any) -> None:
    """Before its first task, a worker that scores loads the encoders of open studies, so that nobody waits for it."""
    queues = instance.app.amqp.queues.consume_from
    if app.conf.task_routes[worker_wakeup.SCORE_PHRASES]["queue"] not in queues:
        return
    from worker.common.process_cache import preload as preload_encoders

    try:
        preload_encoders()
    except OperationalError as error:
        logger.warning("the database did not answer, encoders load with the first phrase: %s", type(error).__name__)
    finally:
        connection.close()
