"""Draws the tutorial's pictures again, after its squares have changed.

python -m tests.annotations.readings.visits.tutorial_pictures
"""

from pathlib import Path

import numpy as np
from PIL import Image

import annotations
from modeling.arrays.sprites import drawing
from modeling.arrays.sprites.style import Style
from tests.sprites import sprites_of

FOLDER = Path(annotations.__file__).parent / "static" / "annotations" / "tutorial"
SEED, SIDE = 44, 128
EVEN = Style(aspect=(1, 1), square_exponent=(40, 40), noise=(0, 0), blurred=0)  # squares, and no other rectangles

# The first half the AI got right; `readings.visits.tutorial` counts both.
RIGHT = (
    {"colour": "blue", "size": "large", "tilt": "upright", "shade": "light"},
    {"colour": "blue", "size": "medium", "tilt": "tilted", "shade": "dark"},
    {"colour": "blue", "size": "large", "tilt": "upright", "shade": "light"},
    {"colour": "green", "size": "large", "tilt": "tilted", "shade": "light"},
    {"colour": "blue", "size": "medium", "tilt": "upright", "shade": "light"},
    {"colour": "blue", "size": "large", "tilt": "tilted", "shade": "dark"},
    {"colour": "red", "size": "small", "tilt": "tilted", "shade": "dark"},
    {"colour": "blue", "size": "medium", "tilt": "tilted", "shade": "light"},
    {"colour": "green", "size": "medium", "tilt": "upright", "shade": "dark"},
    {"colour": "blue", "size": "large", "tilt": "upright", "shade": "dark"},
)
WRONG = (
    {"colour": "red", "size": "medium", "tilt": "upright", "shade": "light"},
    {"colour": "red", "size": "large", "tilt": "tilted", "shade": "light"},
    {"colour": "red", "size": "large", "tilt": "upright", "shade": "dark"},
    {"colour": "red", "size": "medium", "tilt": "tilted", "shade": "dark"},
    {"colour": "blue", "size": "medium", "tilt": "tilted", "shade": "light"},
    {"colour": "red", "size": "large", "tilt": "tilted", "shade": "dark"},
    {"colour": "red", "size": "large", "tilt": "tilted", "shade": "dark"},
    {"colour": "red", "size": "medium", "tilt": "upright", "shade": "light"},
    {"colour": "red", "size": "medium", "tilt": "upright", "shade": "dark"},
    {"colour": "red", "size": "large", "tilt": "upright", "shade": "light"},
)
SQUARES = tuple({"shape": "square", "texture": "plain", **square} for square in RIGHT + WRONG)


def draw(folder: Path) -> None:
    """Write the WebP files into a folder that is there."""
    drawn = drawing.draw(sprites_of(SQUARES), np.random.default_rng(SEED), EVEN)
    for number, pixels in enumerate(drawn):
        image = Image.fromarray(pixels)
        image.resize((SIDE, SIDE)).save(folder / f"{number}.webp", quality=82, method=6)


if __name__ == "__main__":
    draw(FOLDER)
