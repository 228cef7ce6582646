"""manage.py restore FOLDER: make a site of a back-up, and say what agrees."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from annotations.backups.restoring import Restored, restore
from annotations.log import audit
from annotations.management.plain_command import PlainCommand
from annotations.system_checks import unreadable
from annotations.visits import erasure, withdrawal_replay


class Command(PlainCommand):
    help = (
        "Make a site of a back-up, in an empty database and in DATA_ROOT. See docs/operators/operations.md, “Back-ups”."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="back-up, as `back_up` wrote it")
        parser.add_argument(
            "--without-withdrawals",
            action="store_true",
            help="restore although nobody knows who withdrew since: their data come back",
        )

    def handle(self, *args: Any, folder: Path, without_withdrawals: bool, **options: Any) -> None:
        try:
            restored = restore(folder, without_withdrawals=without_withdrawals)
        except OSError as error:
            raise CommandError(
                f"{error.filename or settings.DATA_ROOT}: {error.strerror}. The database was not changed. Fix "
                "this, then restore again."
            ) from error
        self._tell(restored)
        if restored.is_older:
            call_command("migrate", interactive=False, verbosity=0)
            self.stdout.write("This version of Clarify is newer: its migrations are applied.")
        self._replay(folder)

    def _replay(self, folder: Path) -> None:
        """Who withdrew or was erased since the back-up is so again, before anybody opens the site."""
        done = withdrawal_replay.replay()
        erasure.erase_due(timezone.now())
        self.tell(done)
        self.stdout.write(f"{len(done):,} acts of since then are done again. What was due is erased.")
        audit.record("withdrawals_replayed", None, by="command line", subject=folder.name[:80], done=len(done))

    def _tell(self, restored: Restored) -> None:
        manifest, seals = restored.manifest, restored.seals
        self.stdout.write(f"This is the site of {manifest.made_at}, backed up by Clarify {manifest.clarify}.")
        self.stdout.write(f"{len(manifest.tables)} tables with {restored.n_rows:,} rows: counts and digests agree.")
        self.stdout.write(f"{restored.n_files:,} files of DATA_ROOT and DATA_STORE: digests agree.")
        for name in manifest.missing:
            self.stdout.write(f"A row names {name}, but this file was missing or damaged when the back-up was made.")
        if seals.unknown:
            raise CommandError(
                f"{unreadable(seals.unknown)} You need not restore again. Give this site the IDENTITY_KEYS of "
                "the site that was backed up, then run `manage.py check --database default`, and worker-maintenance "
                "before the site opens: it does the withdrawals since the back-up again."
            )
        self.stdout.write(f"IDENTITY_KEYS decrypt all {seals.newest + seals.older:,} stored keys and tokens.")
