"""The queue `maintenance`: clocks and alarms. Nothing here needs torch."""

from django.utils import timezone

from annotations.services.allocation import places
from annotations.services.common import unnamed_files
from annotations.services.datasets import imports
from annotations.services.monitoring import alarms
from annotations.services.phrases import assignments
from annotations.services.queue import heartbeats, worker_wakeup
from annotations.services.visits import erasure, retention
from clarify_site.celery import app
from worker import alarm_notifications
from worker.queue.drain import sweep


@app.task(name=worker_wakeup.END_OVERDUE_ASSIGNMENTS)
def end_overdue_assignments() -> None:
    """End every assignment whose time is over."""
    sweep(lambda: assignments.end_overdue(timezone.now()), "overdue assignments ended")


@app.task(name=worker_wakeup.EXPIRE_LEASES)
def expire_leases() -> None:
    """Give up every place whose lease is over."""
    sweep(lambda: places.expire(timezone.now()), "places given up")


@app.task(name=worker_wakeup.ERASE_WITHDRAWN)
def erase_withdrawn() -> None:
    """Erase everybody who withdrew: what they did, and who they are once they are paid."""
    sweep(lambda: sum(erasure.erase_due(timezone.now())), "people erased, in part or whole")


@app.task(name=worker_wakeup.APPLY_RETENTION)
def apply_retention() -> None:
    """Destroy the ids of every study whose retention period is over."""
    sweep(lambda: retention.apply_due(timezone.now()), "studies made anonymous")


@app.task(name=worker_wakeup.REMOVE_ABANDONED_UPLOADS)
def remove_abandoned_uploads() -> None:
    """Remove every uploaded archive that nothing came of."""
    sweep(lambda: imports.remove_abandoned_uploads(timezone.now()), "abandoned uploads removed")


@app.task(name=worker_wakeup.REMOVE_UNNAMED_FILES)
def remove_unnamed_files() -> None:
    """Remove every file of the data store whose last row is gone."""
    sweep(lambda: unnamed_files.remove(timezone.now()), "files that no row names removed")


@app.task(name=worker_wakeup.WATCH_STUDIES)
def watch_studies() -> None:
    """Raise and clear alarms, forget processes that ended long ago, and have somebody told beside the sweeps."""
    sweep(lambda: alarms.watch(timezone.now()), "alarms raised or cleared")
    sweep(lambda: heartbeats.forget(timezone.now()), "ended processes forgotten")
    alarm_notifications.notify_in_background()
