"""Dispatch: tell a worker to look for due rows. Postgres is the queue (docs/decisions/0001)."""

import logging
from functools import lru_cache, partial

from django.db import transaction
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.pools import producers

from annotations.base import redis_counters
from annotations.base.circuit_breaker import CircuitBreaker
from clarify_site.celery import app

SCORE_PHRASES = "worker.score_phrases"
SCORE_VOCABULARIES = "worker.score_vocabularies"
TRAIN_RUNS = "worker.train_runs"
END_OVERDUE_ASSIGNMENTS = "worker.end_overdue_assignments"
WATCH_STUDIES = "worker.watch_studies"
EXPIRE_LEASES = "worker.expire_leases"
IMPORT_DATASETS = "worker.import_datasets"
EMBED_SHARDS = "worker.embed_shards"
RUN_REHEARSALS = "worker.run_rehearsals"
CALL_PROLIFIC = "worker.call_prolific"
RECONCILE_SUBMISSIONS = "worker.reconcile_submissions"
ERASE_WITHDRAWN = "worker.erase_withdrawn"
APPLY_RETENTION = "worker.apply_retention"
REMOVE_ABANDONED_UPLOADS = "worker.remove_abandoned_uploads"
REMOVE_UNNAMED_FILES = "worker.remove_unnamed_files"
BUILD_RELEASES = "worker.build_releases"
BENCHMARK_BASELINES = "worker.benchmark_baselines"
TRAIN_CORRECTIONS = "worker.train_corrections"
ANALYSE_STUDIES = "worker.analyse_studies"
BUILD_IMAGE_INDEXES = "worker.build_image_indexes"
SEARCH_IMAGES = "worker.search_images"
GATHER_IMAGES = "worker.gather_images"
TASK_OF = {  # by the name of the job's model
    "datasetimport": IMPORT_DATASETS,
    "pool": GATHER_IMAGES,
    "gathering": GATHER_IMAGES,
    "gatheredtraining": GATHER_IMAGES,
    "imageindex": BUILD_IMAGE_INDEXES,
    "rehearsal": RUN_REHEARSALS,
    "studyanalysis": ANALYSE_STUDIES,
    "correction": TRAIN_CORRECTIONS,
    "benchmark": BENCHMARK_BASELINES,
    "release": BUILD_RELEASES,
}

WAKING_S = 2  # after which another message is sent all the same: a worker may have died with the last one
_MAX_WAIT_S = 1.0  # for a broker that neither answers nor refuses; a person's request waits meanwhile

logger = logging.getLogger(__name__)
broker_circuit = CircuitBreaker(seconds=2.0)


def dispatch_on_commit(task_name: str) -> None:
    """After the current transaction commits, ask for one run of a task; at once where there is no transaction.

    Never raises: a message that is not sent costs the time to the next sweep, and the row is already stored.
    """
    transaction.on_commit(partial(send, task_name))


def send(task_name: str) -> None:
    """Send the message now, unless the broker failed a moment ago or one lies there that no worker has taken up.

    Never raises.
    """
    if broker_circuit.is_open():
        return
    sent = redis_counters.count(_waking(task_name), WAKING_S)
    if sent is not None and sent.n > 1:
        return
    try:
        with producers[connection()].acquire(block=True, timeout=_MAX_WAIT_S) as producer:
            app.send_task(task_name, producer=producer, ignore_result=True, retry=False)
    except (KombuError, OSError) as error:
        broker_circuit.open()
        taken_up(task_name)
        logger.warning("broker did not accept %s, the sweeper will run it: %s", task_name, type(error).__name__)


def taken_up(task_name: str) -> None:
    """Say that a worker begins to look for due rows: for those that are stored from now on it is woken up again."""
    redis_counters.forget(_waking(task_name))


def _waking(task_name: str) -> str:
    return f"waking:{task_name}"


@lru_cache(maxsize=1)
def connection() -> Connection:
    """Return this process's connection to the broker."""
    # Celery's own connection retries for 4 to 6 s before it gives up, even with retry=False.
    timeouts = {"max_retries": 0, "socket_timeout": _MAX_WAIT_S, "socket_connect_timeout": _MAX_WAIT_S}
    return app.connection_for_write(transport_options=timeouts)
