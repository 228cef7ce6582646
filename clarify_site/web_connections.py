"""The web role's connections: a server that stands still is given up, since neither it nor the kernel ends the wait.

A stopped PostgreSQL ends no statement by its limits, and over a Unix socket nothing is lost that the kernel could
notice. Workers need no such limit: their watchdog ends them.
"""

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

ASKED_S = 5.0  # for the pool's question before each request whether a connection lives
STATEMENT_S = 35.0  # longer than statement_timeout


class AnsweringConnection(psycopg.Connection[Any]):
    """One whose waits end, with an OperationalError, and which is closed then."""

    _patience_s: float | None = None

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Run a statement without a cursor, as the pool alone does: to ask whether the connection lives."""
        self._patience_s = ASKED_S
        try:
            return super().execute(*args, **kwargs)
        finally:
            self._patience_s = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait as psycopg does, for a while."""
        try:
            return super().wait(gen, interval, timeout or self._patience_s or STATEMENT_S)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # the answer may still come, to nobody
                self.pgconn.finish()
            raise
