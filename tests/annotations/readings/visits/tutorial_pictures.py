"""Draws the tutorial's pictures again, after its squares (annotations/readings/visits/tutorial.py) have changed.

python -m tests.annotations.readings.visits.tutorial_pictures
"""

from pathlib import Path

import annotations
from annotations.readings.visits.tutorial import SQUARES
from modeling.arrays.sprites.drawing import draw_examples

FOLDER = Path(annotations.__file__).parent / "static" / "annotations" / "tutorial"
SEED, SIDE = 4, 128


def draw(folder: Path) -> None:
    """Write the WebP files into a folder that is there."""
    sprites = [{"shape": "square", "texture": "plain", **square} for square in SQUARES]
    for number, image in enumerate(draw_examples(sprites, seed=SEED)):
        image.resize((SIDE, SIDE)).save(folder / f"{number}.webp", quality=82, method=6)


if __name__ == "__main__":
    draw(FOLDER)
