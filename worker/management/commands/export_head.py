"""Writes a run's head and its model card into a folder."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management import CommandError, CommandParser

from annotations.management.plain_command import PlainCommand, write_files
from annotations.models import Run
from annotations.runs.head_files import HEAD, head_files


class Command(PlainCommand):
    help = "Write a run's head (safetensors) and its model card (Markdown and JSON)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", metavar="RUN", type=UUID, help="the run's id, as exports and the admin show it")
        parser.add_argument("--output", type=Path, metavar="DIR", help="default: a new folder head-RUN")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["output"] or Path(f"head-{options['run']}")
        files = head_files(_find(options["run"]))
        write_files(folder, files)
        for name in files:
            self.stdout.write(str(folder / name))
        self.stdout.write(f"Use it with: manage.py predict {folder / HEAD} IMAGES")


def _find(public_id: UUID) -> Run:
    run = Run.objects.select_related("base_model__dataset", "assignment__task").filter(public_id=public_id).first()
    if run is None:
        raise CommandError(f"There is no run {public_id}. The study's export lists all runs in runs.csv.")
    return run
