"""Sprites that no data set has: drawn at random, or as words say."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from clarify_errors.arrays.sprites.attributes import VALUES, Ints, SpriteAttributes
from clarify_errors.arrays.sprites.drawing import draw
from clarify_errors.arrays.sprites.style import Style

UNSAID = {"shape": "square", "colour": "blue", "size": "large", "tilt": "upright", "shade": "dark", "texture": "plain"}
CLEAN = Style(noise=(0, 0), blurred=0)


def random_sprites(n: int, rng: np.random.Generator) -> SpriteAttributes:
    """N sprites, every attribute independent and uniform."""
    return SpriteAttributes(
        **{name: rng.integers(len(values), size=n, dtype=np.int8) for name, values in VALUES.items()}
    )


def sprites_of(sprites: Sequence[Mapping[str, str]]) -> SpriteAttributes:
    """Sprites from words, such as `{"shape": "oval", "colour": "red"}`; what is missing is as in UNSAID."""
    assert all(sprite.keys() <= VALUES.keys() for sprite in sprites), "an unknown attribute"
    return SpriteAttributes(**{name: _column(name, sprites) for name in VALUES})


def _column(name: str, sprites: Sequence[Mapping[str, str]]) -> Ints:
    return np.array([VALUES[name].index(sprite.get(name, UNSAID[name])) for sprite in sprites], dtype=np.int8)


def draw_examples(sprites: Sequence[Mapping[str, str]], seed: int = 0) -> list[Image.Image]:
    """Clean sprites for a page, without noise or blur."""
    return [Image.fromarray(array) for array in draw(sprites_of(sprites), np.random.default_rng(seed), CLEAN)]
