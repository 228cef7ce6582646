"""What a back-up says of itself: `manifest.json`, and what a database holds, to compare with it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection
from psycopg import sql

from annotations.base.service_errors import NotPossible

FORMAT = 1
# What lies in the folder.
MANIFEST, DUMP, DATA, CONTENTS, DIGESTS = "manifest.json", "database.dump", "data", "contents", "SHA256SUMS"
KEPT_APART = {  # secrets that a back-up does not hold, and what each is for
    "IDENTITY_KEYS": "must be the same: without them people's ids cannot be decrypted, and nobody can be paid",
    "SECRET_KEY": (
        "should be the same: with another key everybody must sign in again, and participants must open their link again"
    ),
}

# How values become text must not depend on the server or on who asks.
_ONE_TEXT = (
    "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; "
    "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; "
    "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
)


@dataclass(frozen=True)
class TableContents:
    """A table's number of rows, and the SHA-256 of their text."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """made_at: ISO 8601, of the one moment that the database is of. migrations: "app.name" of each that was applied.

    missing: files of DATA_ROOT and the data store that rows name and that were not there, or the latter damaged.
    kept_apart: `KEPT_APART`.
    """

    made_at: str
    clarify: str
    postgresql: str
    migrations: tuple[str, ...]
    tables: Mapping[str, TableContents]
    missing: tuple[str, ...]
    kept_apart: Mapping[str, str]
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Raises NotPossible where the folder holds no back-up that this version reads."""
        try:
            fields = json.loads((folder / MANIFEST).read_text("utf-8"))
        except FileNotFoundError:
            raise NotPossible(f"{folder} has no {MANIFEST}, so it is not a complete back-up.") from None
        except ValueError:
            raise NotPossible(f"{folder / MANIFEST} cannot be read. Use another copy of this back-up.") from None
        if fields.get("format") != FORMAT:
            raise NotPossible(
                f"This back-up has format {fields.get('format')}, but this version of Clarify reads format "
                f"{FORMAT}. Restore it with Clarify {fields.get('clarify')}."
            )
        fields["tables"] = {name: TableContents(**table) for name, table in fields["tables"].items()}
        return cls(**fields | {name: tuple(fields[name]) for name in ("migrations", "missing")})


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
