"""manage.py back_up FOLDER: the database and the files of DATA_ROOT, while the site runs."""

from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from annotations.backups.making import back_up
from annotations.management.plain_command import PlainCommand, writing


class Command(PlainCommand):
    help = "Write a back-up of the whole site into a new folder. See docs/operators/operations.md, “Back-ups”."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="new folder, which its owner alone can read")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        with writing(folder, "Name another folder."):
            manifest = back_up(folder)
        rows = sum(table.rows for table in manifest.tables.values())
        n_tables = len(manifest.tables)
        self.stdout.write(f"Wrote {folder}: {n_tables} tables with {rows:,} rows, and DATA_ROOT and DATA_STORE.")
        for name in manifest.missing:
            self.stdout.write(f"A row names {name}, but this file is missing or damaged.")
        for name, why in manifest.kept_apart.items():
            self.stdout.write(f"Not in the back-up: {name} ({why}).")
