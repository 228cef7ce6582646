"""Attributes of sprites, in the words that captions use."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int8]

VALUES: dict[str, tuple[str, ...]] = {
    "shape": ("square", "oval", "triangle", "star", "heart"),
    "colour": ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown"),
    "size": ("small", "medium", "large"),
    "tilt": ("upright", "tilted"),
    "shade": ("dark", "light"),
    "texture": ("plain", "striped", "dotted", "checkered"),
}
"""Values of each attribute; an attribute array holds positions in this tuple."""


@dataclass(frozen=True)
class SpriteAttributes:
    """What is on n images: arrays of positions in `VALUES[attribute]`.

    Attributes
    ----------
    shape, colour, size, tilt, shade, texture : int8 ndarray of shape (n,)
    """

    shape: Ints
    colour: Ints
    size: Ints
    tilt: Ints
    shade: Ints
    texture: Ints

    def __len__(self) -> int:
        return len(self.shape)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Self:
        """Select sprites.

        Parameters
        ----------
        rows : int ndarray of shape (m,), or slice

        Returns
        -------
        SpriteAttributes
        """
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})
