"""manage.py check_back_up FOLDER: compare each file of a back-up with its digest, and note that in the audit log."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.backups.backup_manifest import BackUpRefused
from annotations.backups.making import check


class Command(BaseCommand):
    help = "Check that a back-up is whole; “Jobs and workers” then says so. See docs/operations.md, “Back-ups”."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="what `back_up` wrote")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            n_files = check(folder)
        except BackUpRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror}. The back-up was not checked.") from error
        self.stdout.write(f"{n_files:,} files in {folder}: digests agree.")
