"""Draw the tutorial's pictures again, after its squares (annotations/readings/visits/tutorial.py) have changed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

import annotations
from annotations.readings.visits.tutorial import SQUARES
from modeling.arrays.sprites.drawing import draw_examples

FOLDER = Path(annotations.__file__).parent / "static" / "annotations" / "tutorial"
SEED, SIDE = 4, 128


class Command(BaseCommand):
    help = "Draw the pictures of the participants' tutorial."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=FOLDER, help="where the WebP files go")

    def handle(self, *, folder: Path, **options: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        sprites = [{"shape": "square", "texture": "plain", **square} for square in SQUARES]
        for number, image in enumerate(draw_examples(sprites, seed=SEED)):
            image.resize((SIDE, SIDE)).save(folder / f"{number}.webp", quality=82, method=6)
        self.stdout.write(f"Drew {len(sprites)} squares into {folder}")
