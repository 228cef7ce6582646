"""One consistent view of the database for all the queries of an export."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Run the block in a read-only transaction that sees the database as it was when the block began.

    Must be the outermost transaction: PostgreSQL sets the level only before the first query.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # A large table takes its time to sort, and the transaction idles while its rows are compressed.
            cursor.execute(
                "SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '10min'"
            )
        yield
