"""The worker's heartbeat: a file that its work loop touches, for a watchdog to see whether the loop stands still."""

from pathlib import Path

from django.conf import settings


def touch() -> None:
    """Touch the file that WORKER_HEARTBEAT names; nothing where it names none."""
    if settings.WORKER_HEARTBEAT:
        Path(settings.WORKER_HEARTBEAT).touch()
