"""Watching the locks of the test database."""

import time

from django.db import connection


def wait_for_a_waiting_lock() -> None:
    """Return once another connection to this database waits for a lock."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")
