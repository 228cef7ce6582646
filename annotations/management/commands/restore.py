"""manage.py restore FOLDER: make a site of a back-up, and say what agrees."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from annotations.backups.restoring import Restored, restore
from annotations.management.plain_command import PlainCommand
from annotations.system_checks import unreadable


class Command(PlainCommand):
    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            restored = restore(folder)
        except OSError as error:
            raise CommandError(
                f"{error.filename or settings.DATA_ROOT}: {error.strerror}. The database was not changed. Fix "
                "this, then restore again."
            ) from error
        self._tell(restored)

    def _tell(self, restored: Restored) -> None:
        manifest, seals = restored.manifest, restored.seals
        self.stdout.write(f"This is the site of {manifest.made_at}, backed up by Clarify {manifest.clarify}.")
        self.stdout.write(f"{len(manifest.tables)} tables with {restored.n_rows:,} rows: counts and digests agree.")
        self.stdout.write(f"{restored.n_files:,} files of DATA_ROOT and DATA_STORE: digests agree.")
        for name in manifest.missing:
            self.stdout.write(f"A row names {name}, but this file was missing or damaged when the back-up was made.")
        if restored.is_older:
            self.stdout.write("This version of Clarify is newer: run `manage.py migrate`.")
        if seals.unknown:
            raise CommandError(
                f"{unreadable(seals.unknown)} You need not restore again. Give this site the IDENTITY_KEYS of "
                "the site that was backed up, then run `manage.py check --database default`."
            )
        self.stdout.write(f"IDENTITY_KEYS decrypt all {seals.newest + seals.older:,} stored keys and tokens.")
        self.stdout.write(
            "Run worker-maintenance before the site opens. It repeats the erasures that were due (docs/operations.md)."
        )
