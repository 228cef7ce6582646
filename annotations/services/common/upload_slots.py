"""The site's upload slots. A file that comes slowly holds a thread of the web role, so only two come at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from annotations.services.common.service_errors import TryAgainLater

SLOTS = 2
_WAIT_S = 60
_LOCKS = 0x75706C64  # the first half of the advisory locks' keys; the second is the slot's number
_HELD = """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


class NoUploadSlot(TryAgainLater):
    """As many files as may be are on their way already. Nothing was read."""

    sentence = "Other files are being uploaded, and the site takes two at a time. Send yours again in a minute or two."

    def __init__(self) -> None:
        super().__init__(_WAIT_S)


def is_free() -> bool:
    """Say whether a slot is free at the moment."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [_LOCKS])
        return bool(cursor.fetchone()[0] < SLOTS)


@contextmanager
def held() -> Iterator[None]:
    """Hold a slot for the block. Raises NoUploadSlot.

    A transaction holds it, so PostgreSQL frees it with the connection, whatever becomes of this process. Nothing else
    may be done in the block: the transaction may last for hours, and is one that has read and written nothing.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            if not any(_takes(cursor, slot) for slot in range(SLOTS)):
                raise NoUploadSlot
        yield


def _takes(cursor: Any, slot: int) -> bool:
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCKS, slot])
    return bool(cursor.fetchone()[0])
