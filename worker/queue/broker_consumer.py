"""What a worker does while no broker answers: what beat would remind it of, on time and by itself.

It takes the place of Celery's class by the setting CELERY_WORKER_CONSUMER.
"""

import logging
import time
from typing import Any

from celery.worker.consumer import Consumer as CelerysConsumer
from celery.worker.state import maybe_shutdown
from django.db import close_old_connections
from kombu import Connection

SECONDS_BETWEEN_TRIES = 4  # at most, to reach the broker

logger = logging.getLogger(__name__)


class Consumer(CelerysConsumer):
    """Celery's consumer, which sweeps while it waits for a connection."""

    def ensure_connected(self, conn: Connection) -> Connection:
        """Wait for the broker; without one, all that is due is found at the pace of the sweeps."""
        swept_at: dict[str, float] = {}

        def tell(error: BaseException, _seconds: float) -> None:
            logger.warning("no broker, so the worker looks for work by itself: %s", type(error).__name__)

        def meanwhile() -> None:
            maybe_shutdown()
            for name, reminder in self.app.conf.beat_schedule.items():
                every_s = reminder["schedule"].run_every.total_seconds()
                if name in self.app.tasks and time.monotonic() - swept_at.get(name, -every_s) >= every_s:
                    swept_at[name] = time.monotonic()
                    self._sweep(name)

        retries = self.app.conf.broker_connection_max_retries
        connected = conn.ensure_connection(tell, retries, interval_max=SECONDS_BETWEEN_TRIES, callback=meanwhile)
        self.first_connection_attempt = False
        self.broker_connection_retry_attempt = 0
        return connected

    def _sweep(self, name: str) -> None:
        close_old_connections()
        task: Any = self.app.tasks[name]
        try:
            task()
        except Exception:
            logger.exception("%s failed", name)
