"""Files of the data store that no row names: their rows were erased or undone, or whoever wrote them was killed."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction

from annotations.base.data_store.stored_files import StoredFileField, data_store
from clarify_errors.arrays.common.steps import step_done

GRACE = dt.timedelta(hours=1)  # longer than any transaction: what a row is to name, its statement makes new
_LOCK = 0x66696C65


def named() -> set[str]:
    """Return the digests of all files that rows name."""
    fields = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, StoredFileField)
    ]
    columns = (model._base_manager.order_by().values_list(name, flat=True).distinct() for model, name in fields)
    return {file.digest for column in columns for file in column if file is not None}


def remove(now: dt.datetime) -> int:
    """Remove the files that no row names and that nobody has put for GRACE; return how many. None during a back-up."""
    store, before, n = data_store(), (now - GRACE).timestamp(), 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # listing a large store takes its time
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        store.remove_unfinished(before)
        old = set(store.put_before(before))  # first: what is put from here on is not among them
        for digest in old - named() if old else ():
            n += store.remove(digest, before)
            step_done()
    return n


@contextmanager
def kept() -> Iterator[None]:
    """Have no file removed during the block. A connection holds it, so it ends with the process at the latest."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")  # a sweep may take longer than anybody else would wait
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [_LOCK])
        cursor.execute("RESET lock_timeout")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [_LOCK])
