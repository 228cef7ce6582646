"""manage.py back_up FOLDER: the database and the files of DATA_ROOT, while the site runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotations.backups.backup_manifest import BackUpRefused
from annotations.backups.making import back_up


class Command(BaseCommand):
    help = "Write a back-up of the whole site into a new folder. See docs/operations.md, “Back-ups”."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="where to; it is made, and readable by its owner alone")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            manifest = back_up(folder)
        except BackUpRefused as refused:
            raise CommandError(str(refused)) from refused
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}. Name another folder.") from error
        rows = sum(table.rows for table in manifest.tables.values())
        self.stdout.write(
            f"Wrote {folder}: {len(manifest.tables)} tables with {rows:,} rows, and the files of DATA_ROOT."
        )
        for name in manifest.missing:
            self.stdout.write(f"A row names {name}, but this file is not in DATA_ROOT.")
        for name, why in manifest.kept_apart.items():
            self.stdout.write(f"Not in the back-up: {name} ({why}).")
