"""Sprites: small drawn images whose every attribute is known, after dSprites.

A sprite is one coloured shape on a grey background. `SpriteAttributes` says what is on each image in the words that
captions use; `draw` turns them into pixels; what the words leave open comes from the generator within the ranges of a
`Style`. `sprites_dataset` is the set on which a base model fails. Needs numpy and Pillow alone.
"""

from modeling.arrays.sprites.attributes import UNSAID, VALUES, SpriteAttributes
from modeling.arrays.sprites.drawing import Images, draw, draw_examples
from modeling.arrays.sprites.grid import IMAGE_SIZE
from modeling.arrays.sprites.sprites.sprites_source import (
    ATTRIBUTES,
    CLASSES,
    SPLITS,
    SpritesDataset,
    sprites_dataset,
    write_sprites_source,
)
from modeling.arrays.sprites.style import AMBIGUOUS, CLEAR, Style

__all__ = [
    "AMBIGUOUS",
    "ATTRIBUTES",
    "CLASSES",
    "CLEAR",
    "IMAGE_SIZE",
    "SPLITS",
    "UNSAID",
    "VALUES",
    "Images",
    "SpriteAttributes",
    "SpritesDataset",
    "Style",
    "draw",
    "draw_examples",
    "sprites_dataset",
    "write_sprites_source",
]
