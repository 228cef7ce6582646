"""Draws the sprites data set and imports it with the bundled encoder."""

from functools import partial
from typing import Any

from django.conf import settings
from django.core.management import CommandParser, call_command

from annotations.management.plain_command import PlainCommand
from clarify_errors.arrays.sprites.sprites_source import write_sprites_pool
from clarify_errors.tensors.encoders.specs import BUNDLED
from worker.common.progress_bars import ProgressBars
from worker.datasets.dataset_import import import_report
from worker.datasets.sprites import import_sprites


class Command(PlainCommand):
    help = "Draw the sprites data set (squares and ovals, mostly blue and mostly red in train) and import it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pool", type=int, metavar="N", help="draw N unlabelled ones instead, and import the pool")
        parser.add_argument("--seed", type=int, default=1, help="seed of the pool (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["pool"]:
            folder = settings.DATA_ROOT / "sources" / f"sprites-pool-{options['seed']}-{options['pool']}"
            with ProgressBars() as progress:
                if not folder.exists():
                    write_sprites_pool(folder, options["seed"], options["pool"], partial(progress, "drawing"))
            call_command("import_pool", "sprites-pool", folder, encoder=BUNDLED)
            return
        with ProgressBars() as progress:
            dataset, created = import_sprites(progress)
        self.tell(import_report(dataset, created))
