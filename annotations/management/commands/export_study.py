"""manage.py export_study SLUG [--output FILE]: a study's phrases, scores, runs and summary as one zip file."""

from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from annotations.base.zip_archive import replacing
from annotations.management.plain_command import PlainCommand, add_study, writing
from annotations.releases.study_export import export_name, write_study_zip
from annotations.studies.lifecycle import find_study


class Command(PlainCommand):
    help = (
        "Write a study's export: tables as CSV, a data dictionary, the frozen configuration. See "
        "docs/analysts/files.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_study(parser)
        parser.add_argument("--output", type=Path, help="file to write (default: clarify-SLUG.zip in this folder)")

    def handle(self, *args: Any, slug: str, output: Path | None, **options: Any) -> None:
        study = find_study(slug)
        path = output or Path(export_name(study))
        with writing(path), replacing(path) as file:
            write_study_zip(study, file)
        self.stdout.write(f"Wrote {path} ({path.stat().st_size:,} bytes).")
