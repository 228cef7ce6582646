"""What the database holds, as numbers that can be compared: of each table its rows, and a digest of them."""

import hashlib

from django.db import connection
from psycopg import sql

from annotations.backups.backup_manifest import TableContents

# How values become text must not depend on the server or on who asks.
_ONE_TEXT = (
    "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; "
    "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
)


def table_names() -> list[str]:
    return sorted(connection.introspection.table_names())


def contents() -> dict[str, TableContents]:
    """Return what each table holds. Must be called in a transaction, which then has no limits of time."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_TEXT)
        return {name: _of_table(name) for name in table_names()}


def _of_table(name: str) -> TableContents:
    """The rows as PostgreSQL's COPY writes them, one a line, by primary key as bytes: collations differ by server."""
    digest, rows = hashlib.sha256(), 0
    with connection.cursor() as cursor:
        keys = connection.introspection.get_primary_key_columns(cursor, name)
        assert keys, "every table of Django's has a primary key"
        texts = [sql.SQL('{}::text COLLATE "C"').format(sql.Identifier(key)) for key in keys]
        query = sql.SQL("COPY (SELECT * FROM {} ORDER BY {}) TO STDOUT").format(
            sql.Identifier(name), sql.SQL(", ").join(texts)
        )
        with cursor.copy(query) as lines:
            for line in lines:
                digest.update(line)
                rows += bytes(line).count(b"\n")  # COPY escapes those within a value
    return TableContents(rows, digest.hexdigest())
