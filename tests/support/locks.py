"""Watching the locks of the test database."""

import time

from django.db import connection


def wait_for_a_waiting_lock(n: int = 1) -> None:
    """Return once n other connections to this database wait for a lock."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            # Within a transaction PostgreSQL would answer each look with what it saw at the first.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= n:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
