"""Attributes of sprites, in the words that captions use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from modeling.arrays.common.modeling_errors import BadArray

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

    Raises
    ------
    BadArray
        If lengths differ or a position is out of range.
    """

    shape: Ints
    colour: Ints
    size: Ints
    tilt: Ints
    shade: Ints
    texture: Ints

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, name)) for name in VALUES}
        if len(lengths) != 1:
            raise BadArray(f"sprite attributes have different lengths: {sorted(lengths)}")
        for name, values in VALUES.items():
            column = getattr(self, name)
            if len(column) and not 0 <= column.min() <= column.max() < len(values):
                raise BadArray(f"sprite attribute {name!r} holds a value outside 0..{len(values) - 1}")

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

    @classmethod
    def random(cls, n: int, rng: np.random.Generator) -> Self:
        """Draw n sprites, every attribute independent and uniform.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator

        Returns
        -------
        SpriteAttributes
        """
        return cls(**{name: rng.integers(len(values), size=n, dtype=np.int8) for name, values in VALUES.items()})

    @classmethod
    def of(cls, sprites: Sequence[Mapping[str, str]]) -> Self:
        """Make sprites from words.

        Parameters
        ----------
        sprites : sequence of n mappings of str to str
            Such as `{"shape": "oval", "colour": "red"}`. Missing attributes are taken from `UNSAID`.

        Returns
        -------
        SpriteAttributes

        Raises
        ------
        ValueError
            If an attribute or a value does not exist.
        """
        return cls(**{name: _column(name, sprites) for name in VALUES})


UNSAID = {"shape": "square", "colour": "blue", "size": "large", "tilt": "upright", "shade": "dark", "texture": "plain"}


def _column(name: str, sprites: Sequence[Mapping[str, str]]) -> Ints:
    for sprite in sprites:
        if unknown := sprite.keys() - VALUES.keys():
            raise ValueError(f"unknown sprite attribute: {', '.join(sorted(unknown))}")
    words = [sprite.get(name, UNSAID[name]) for sprite in sprites]
    if wrong := [word for word in words if word not in VALUES[name]]:
        raise ValueError(f"a sprite's {name} is one of {', '.join(VALUES[name])}, not {wrong[0]!r}")
    return np.array([VALUES[name].index(word) for word in words], dtype=np.int8)
