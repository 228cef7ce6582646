"""Draws the sprites data set and imports it with the bundled encoder."""

from typing import Any

from django.core.management import BaseCommand

from annotations.management.plain_errors import plain_errors
from worker.common.progress_bars import ProgressBars
from worker.datasets.dataset_import import import_report
from worker.datasets.sprites import import_sprites


class Command(BaseCommand):
    help = "Draw the sprites data set (squares and ovals, mostly blue and mostly red in train) and import it."

    def handle(self, *args: Any, **options: Any) -> None:
        with plain_errors(), ProgressBars() as progress:
            dataset, created = import_sprites(progress)
        for line in import_report(dataset, created):
            self.stdout.write(line)
