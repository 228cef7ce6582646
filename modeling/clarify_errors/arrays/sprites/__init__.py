"""Sprites: small drawn images whose attributes are all known, after dSprites.

A sprite is one coloured shape on a grey background. `SpriteAttributes` says what is on each image, in the words that
captions use, and `draw` turns them into pixels. The generator chooses what the words leave open, within the ranges of a
`Style`. `sprites_dataset` is the set on which a base model fails. Only NumPy and Pillow are needed.
"""
