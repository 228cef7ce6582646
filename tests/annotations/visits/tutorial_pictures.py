"""Draws the tutorial's pictures again, after its hearts have changed.

python -m tests.annotations.visits.tutorial_pictures
"""

from pathlib import Path

import numpy as np
from PIL import Image

import annotations
from clarify_errors.arrays.sprites import drawing
from clarify_errors.arrays.sprites.style import Floats, Style
from tests.support.sprites import sprites_of

FOLDER = Path(annotations.__file__).parent / "static" / "annotations" / "tutorial"
SEED, SIDE = 44, 128
CLEAR = Style(noise=(0, 0), blurred=0)
STRIPE = 7  # pixels, as wide as the gap to the next one
SHADE = 0.35  # of the colour, on a stripe

# Both halves have the same colours, sizes, tilts and backgrounds, so that the stripes alone tell.
LIKE = (
    {"colour": "green", "size": "large", "tilt": "upright", "shade": "light"},
    {"colour": "purple", "size": "medium", "tilt": "tilted", "shade": "dark"},
    {"colour": "orange", "size": "large", "tilt": "tilted", "shade": "light"},
    {"colour": "green", "size": "medium", "tilt": "upright", "shade": "dark"},
    {"colour": "orange", "size": "large", "tilt": "upright", "shade": "dark"},
    {"colour": "purple", "size": "large", "tilt": "tilted", "shade": "light"},
    {"colour": "green", "size": "medium", "tilt": "tilted", "shade": "dark"},
    {"colour": "purple", "size": "medium", "tilt": "upright", "shade": "light"},
    {"colour": "orange", "size": "medium", "tilt": "upright", "shade": "light"},
    {"colour": "green", "size": "large", "tilt": "tilted", "shade": "dark"},
)
# The first half the AI got right; `visits.tutorial_example` counts both.
RIGHT = [{**heart, "texture": "striped" if place == 5 else "plain"} for place, heart in enumerate(LIKE)]
WRONG = [{**heart, "texture": "plain" if place == 3 else "striped"} for place, heart in enumerate(LIKE[4:] + LIKE[:4])]
HEARTS = tuple({"shape": "heart", **heart} for heart in RIGHT + WRONG)


def draw(folder: Path) -> None:
    """Write the WebP files into a folder that is there."""
    plain = [{**heart, "texture": "plain"} for heart in HEARTS]
    drawn = drawing.draw(sprites_of(plain), np.random.default_rng(SEED), CLEAR)
    for number, (pixels, heart) in enumerate(zip(drawn, HEARTS, strict=True)):
        image = np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE)), np.float32)
        if heart["texture"] == "striped":
            image = _striped(image)
        Image.fromarray(image.round().astype(np.uint8)).save(folder / f"{number}.webp", quality=82, method=6)


def _striped(image: Floats) -> Floats:
    """Darken level stripes of what is not background: of the heart, and of nothing around it."""
    away = np.linalg.norm(image - image[0, 0], axis=2)
    is_stripe = np.arange(SIDE) // STRIPE % 2 == 0
    dark = np.clip(away / np.median(away[away > away.max() / 2]), 0, 1) * is_stripe[:, None] * (1 - SHADE)
    return np.asarray(image * (1 - dark[..., None]), np.float32)


if __name__ == "__main__":
    draw(FOLDER)
