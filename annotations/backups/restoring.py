"""Making a site of a back-up: into a database that is empty, and a DATA_ROOT that holds nothing else of these names."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from annotations.backups import backup_manifest, files, postgres_tools
from annotations.backups.backup_manifest import CONTENTS, DATA, DUMP, Manifest
from annotations.base.baseline import is_before_baseline
from annotations.base.data_store.stored_files import data_store
from annotations.base.service_errors import NotPossible
from annotations.log import key_rotation, withdrawal_ledger
from annotations.log.key_rotation import Seals
from clarify_errors.arrays.common.digests import file_sha256


@dataclass(frozen=True)
class Restored:
    """What agrees with the back-up: each table and file is compared. is_older: migrations of this version are left."""

    manifest: Manifest
    n_files: int
    seals: Seals
    is_older: bool

    @property
    def n_rows(self) -> int:
        return sum(table.rows for table in self.manifest.tables.values())


def restore(folder: Path, *, without_withdrawals: bool = False) -> Restored:
    """Make a site of the back-up in `folder`; the database last and whole, so that it can be called again.

    The caller has `withdrawal_replay` do again what happened since; where nobody knows what did, the back-up is refused
    unless without_withdrawals. Raises NotPossible, OSError.
    """
    manifest = Manifest.read(folder)
    _refuse_other_versions(manifest)
    _refuse_tables()
    if not without_withdrawals:
        _refuse_without_withdrawals(manifest)
    digests = files.checked_digests(folder)
    n_files = _put_files(folder, digests)
    postgres_tools.restore(folder / DUMP)
    _compare(manifest)
    return Restored(manifest, n_files, key_rotation.count(), is_older=bool(_migrations() - set(manifest.migrations)))


def _refuse_other_versions(manifest: Manifest) -> None:
    """Raise NotPossible for a back-up of Clarify 0.16 or earlier, or of a version newer than this one."""
    if is_before_baseline(manifest.migrations):
        raise NotPossible(
            f"This back-up was made by Clarify {manifest.clarify}, and this version upgrades those of 0.17. Nothing "
            "was changed: restore it with Clarify 0.17, make a back-up of that site, and restore the new one here."
        )
    files.refuse(
        sorted(name for name in set(manifest.migrations) - _migrations() if name.startswith("annotations.")),
        f"migrations of the back-up are unknown to this version. Restore it with Clarify {manifest.clarify} or newer",
    )


def _refuse_without_withdrawals(manifest: Manifest) -> None:
    if not withdrawal_ledger.covers(dt.datetime.fromisoformat(manifest.made_at)):
        raise NotPossible(
            f"WITHDRAWALS_ROOT ({settings.WITHDRAWALS_ROOT}) does not hold the withdrawals since {manifest.made_at}, "
            "so this back-up would bring back people who withdrew. Nothing was changed. Copy the folder “withdrawals” "
            "from beside the back-up there. If it is lost, or nobody withdrew, add --without-withdrawals."
        )


def _migrations() -> set[str]:
    """What this version knows of, those that its baseline replaces too."""
    known = MigrationLoader(None).disk_migrations
    return {".".join(key) for name, migration in known.items() for key in (name, *migration.replaces)}


def _refuse_tables() -> None:
    tables = backup_manifest.table_names()
    if tables:
        name = connection.settings_dict["NAME"]
        raise NotPossible(
            f"The database {name} is not empty: it has {len(tables)} tables. Nothing was changed. Create an "
            "empty database, name it in DATABASE_URL, and run this before `migrate`."
        )


def _put_files(source: Path, digests: Mapping[str, str]) -> int:
    """Copy the files into DATA_ROOT and the data store; returns how many there are.

    One that lies in DATA_ROOT already must be the same.
    """
    wanted = {name.removeprefix(f"{DATA}/"): digest for name, digest in digests.items() if name.startswith(f"{DATA}/")}
    root = settings.DATA_ROOT
    there = {name for name in wanted if (root / name).exists()}
    files.refuse(
        [name for name in sorted(there) if file_sha256(root / name) != wanted[name]],
        f"of the files in {root} differ from those of the back-up. Nothing was changed. Use an empty DATA_ROOT",
    )
    for name in wanted:
        if name not in there:
            files.copy(source / DATA / name, root / name)
    stored = [name for name in digests if name.startswith(f"{CONTENTS}/")]
    for name in stored:
        data_store().put((source / name).read_bytes())
    return len(wanted) + len(stored)


def _compare(manifest: Manifest) -> None:
    """Raises NotPossible where a table of the new database is not what was backed up."""
    with transaction.atomic():
        found = backup_manifest.contents()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # a dump has no statistics, and queries are planned by them
    names = found.keys() | manifest.tables.keys()
    files.refuse(
        sorted(name for name in names if found.get(name) != manifest.tables.get(name)),
        "tables differ from the back-up. Empty the database, and restore again from another copy of the back-up",
    )
