"""Making a back-up, while the site runs: the database as it is at one moment, then the files that its rows name."""

import datetime as dt
import os
import shutil
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from annotations.backups import backup_manifest, files, postgres_tools
from annotations.backups import last_backup as back_ups
from annotations.backups.backup_manifest import CONTENTS, DATA, DUMP, KEPT_APART, MANIFEST, Manifest
from annotations.base import unnamed_files
from annotations.base.service_errors import NotPossible
from annotations.base.snapshot import snapshot
from annotations.base.version import CODE_VERSION
from annotations.log import audit, withdrawal_ledger
from annotations.models import UNFINISHED, Dataset, DatasetImport, JobState, Release
from clarify_errors.arrays.common.digests import file_sha256


def back_up(folder: Path) -> Manifest:
    """Write a back-up into a new folder, which has its name once each file was read again and agrees.

    The audit log, which the jobs' page and /metrics read, then says when and how large. Withdrawals that all back-ups
    beside it hold are removed. Raises NotPossible, OSError.
    """
    _refuse(folder)
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
    part.mkdir(mode=0o700, parents=True)
    try:
        manifest = _fill(part)
        files.checked_digests(part)
        os.sync()  # thousands of files synced one by one would take longer than to copy them
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    n_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    audit.record(back_ups.MADE, None, by="command line", subject=folder.name[:80], of=manifest.made_at, bytes=n_bytes)
    _prune_withdrawals(folder.parent)
    return manifest


def _refuse(folder: Path) -> None:
    if folder.exists():
        raise NotPossible(f"{folder} already exists. Name a new folder, such as one with today's date.")
    if folder.resolve().is_relative_to(settings.DATA_ROOT):
        raise NotPossible(f"{folder} is inside DATA_ROOT, which is being backed up. Name a folder elsewhere.")


def _prune_withdrawals(folder: Path) -> None:
    """Those before the oldest back-up in the folder are in all of them. Raises NotPossible."""
    oldest = min(Manifest.read(file.parent).made_at for file in folder.glob(f"*/{DUMP}"))
    try:
        withdrawal_ledger.prune(dt.datetime.fromisoformat(oldest))
    except OSError as error:
        raise NotPossible(
            f"The back-up is complete, but WITHDRAWALS_ROOT ({settings.WITHDRAWALS_ROOT}) cannot be written: "
            f"{error.strerror}. Make it writable: it keeps this back-up from bringing back people who withdraw later."
        ) from error


def _fill(part: Path) -> Manifest:
    """The database first: a row is written after its files, so those of every row are there to be copied.

    No file of the data store is removed meanwhile, though its last row may be.
    """
    with unnamed_files.kept():
        with snapshot():
            made_at, tables = timezone.now(), backup_manifest.contents()
            named, stored = _named_files(), unnamed_files.named()
            migrations = sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
                shown, version = cursor.fetchone()
            postgres_tools.dump(part / DUMP, shown)
        contents = files.copy_stored(stored, part)
    copied = files.copy_all(settings.DATA_ROOT, part / DATA)
    manifest = Manifest(
        made_at=made_at.isoformat(),
        clarify=CODE_VERSION,
        postgresql=version,
        migrations=tuple(migrations),
        tables=tables,
        missing=(
            *(name for name in named if not (part / DATA / name).exists()),
            *(f"{CONTENTS}/{digest}" for digest in sorted(stored.difference(contents))),
        ),
        kept_apart=KEPT_APART,
    )
    manifest.write(part)
    own = {name: file_sha256(part / name) for name in (MANIFEST, DUMP)}
    own |= {f"{CONTENTS}/{digest}": digest for digest in contents}
    files.write_digests(part, own | {f"{DATA}/{name}": digest for name, digest in copied.items()})
    return manifest


def _named_files() -> list[str]:
    """What rows name below DATA_ROOT: data sets, releases that are handed out, archives that wait to be imported."""
    return [
        *Dataset.objects.order_by("pk").values_list("directory", flat=True),
        *Release.objects.filter(state=JobState.DONE, superseded_at=None).order_by("pk").values_list("file", flat=True),
        *DatasetImport.objects.exclude(archive="")
        .filter(state__in=UNFINISHED)
        .order_by("pk")
        .values_list("archive", flat=True),
    ]
