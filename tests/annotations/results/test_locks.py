"""The suite's own wait for a lock: it sees who begins to wait after it has looked."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection, transaction

from tests.support.locks import wait_for_a_waiting_lock

LOCK = "SELECT pg_advisory_xact_lock(1)"


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_made_and_waits_after_the_first_look_is_seen() -> None:
    def wait_on_a_new_connection(address: str) -> None:
        with psycopg.connect(address) as other:
            other.execute(LOCK)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            own = cursor.connection.info
            address = f"{own.dsn} password='{own.password}'"
            cursor.execute(LOCK)
            cursor.execute("SELECT count(*) FROM pg_stat_activity")  # PostgreSQL keeps this until the transaction ends
            waiting = pool.submit(wait_on_a_new_connection, address)
            wait_for_a_waiting_lock()
        waiting.result()
