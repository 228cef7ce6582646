"""Rows that are there again after the database was emptied, for tests that look at the same committed ones."""

from django.db import connection, transaction
from psycopg import sql


class KeptRows:
    """The rows that there are now."""

    def __init__(self) -> None:
        self._rows: dict[str, bytes] = {}
        with connection.cursor() as cursor:
            tables = {*connection.introspection.django_table_names(only_existing=True, include_views=False)}
            for table in tables - {
                "django_content_type",
                "auth_permission",
            }:  # which stay (own_database.py)
                with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copied:
                    self._rows[table] = b"".join(copied)

    def restore(self) -> None:
        """Let them be there again, under their keys. No other row has got those meanwhile: sequences go on."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # as when tables are emptied
            for table, rows in self._rows.items():
                if rows:
                    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copied:
                        copied.write(rows)
