"""Sprites: small drawn images whose attributes are all known, after dSprites.

A sprite is one coloured shape on a grey background. `SpriteAttributes` says what is on each image, in the words that
captions use, and `draw` turns them into pixels. The generator chooses what the words leave open, within the ranges of a
`Style`. `sprites_dataset` is the set on which a base model fails. Only NumPy and Pillow are needed.
"""

from modeling.arrays.sprites.attributes import UNSAID, VALUES, SpriteAttributes
from modeling.arrays.sprites.drawing import Images, draw, draw_examples
from modeling.arrays.sprites.grid import IMAGE_SIZE
from modeling.arrays.sprites.sprites_source import (
    ATTRIBUTES,
    CAPTIONS,
    CLASSES,
    SPLITS,
    SpritesDataset,
    pool_labels,
    sprites_dataset,
    write_sprites_pool,
    write_sprites_source,
)
from modeling.arrays.sprites.style import AMBIGUOUS, CLEAR, Style

__all__ = [
    "AMBIGUOUS",
    "ATTRIBUTES",
    "CAPTIONS",
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
    "pool_labels",
    "sprites_dataset",
    "write_sprites_pool",
    "write_sprites_source",
]
