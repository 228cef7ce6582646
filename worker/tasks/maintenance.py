"""The queue `maintenance`: clocks and alarms. Nothing here needs torch."""

import logging
import threading

from django.db import Error, connections
from django.utils import timezone
from django.utils.timezone import now

from annotations.allocation import places
from annotations.base import unnamed_files
from annotations.datasets import import_requests as imports
from annotations.monitoring import alarms
from annotations.phrases import assignments
from annotations.queue import heartbeats, worker_wakeup
from annotations.visits import erasure, retention, withdrawal_replay
from clarify_site.celery import app
from worker.queue.drain import sweep
from worker.tasks import task

logger = logging.getLogger(__name__)


def notify_in_background() -> threading.Thread:
    """Send the notifications that are due. While another thread sends, here or elsewhere, this one ends at once."""
    thread = threading.Thread(target=_notify, daemon=True)
    thread.start()
    return thread


def _notify() -> None:
    try:
        alarms.notify_due(timezone.now())
    except Error as error:
        logger.warning("alarm notifications wait for the next sweep: %s", type(error).__name__)
    finally:
        connections.close_all()


end_overdue_assignments = task(
    worker_wakeup.END_OVERDUE_ASSIGNMENTS, (lambda: assignments.end_overdue(now()), "overdue assignments ended")
)
expire_leases = task(worker_wakeup.EXPIRE_LEASES, (lambda: places.expire(now()), "places given up"))
erase_withdrawn = task(
    worker_wakeup.ERASE_WITHDRAWN,
    (lambda: sum(erasure.erase_due(now())), "people erased, in part or whole"),
    (lambda: len(withdrawal_replay.replay()), "withdrawals and erasures done again"),
    (withdrawal_replay.write_missing, "withdrawals and erasures written beside the back-ups"),
)
apply_retention = task(worker_wakeup.APPLY_RETENTION, (lambda: retention.apply_due(now()), "studies made anonymous"))
remove_abandoned_uploads = task(
    worker_wakeup.REMOVE_ABANDONED_UPLOADS,
    (lambda: imports.remove_abandoned_uploads(now()), "abandoned uploads removed"),
)
remove_unnamed_files = task(
    worker_wakeup.REMOVE_UNNAMED_FILES, (lambda: unnamed_files.remove(now()), "files that no row names removed")
)


@app.task(name=worker_wakeup.WATCH_STUDIES)
def watch_studies() -> None:
    """Raise and clear alarms, forget processes that ended long ago, and have somebody told beside the sweeps."""
    sweep(lambda: alarms.watch(now()), "alarms raised or cleared")
    sweep(lambda: heartbeats.forget(now()), "ended processes forgotten")
    notify_in_background()
