"""Ranges for drawing sprites, such as how square a square is and how big a small one, and the grid of their pixels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IMAGE_SIZE = 64
X = np.arange(IMAGE_SIZE, dtype=np.float32)[None, None, :] - np.float32((IMAGE_SIZE - 1) / 2)
Y = X.transpose(0, 2, 1)  # pixels from the middle of the image

Floats = npt.NDArray[np.floating]
Range = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """The ranges that `draw` draws from, each uniformly.

    Attributes
    ----------
    square_exponent, oval_exponent : (float, float)
        Exponent p of the superellipse |x/a|^p + |y/b|^p = 1: 2 is an ellipse, 12 and more a box.
    aspect : (float, float)
        Ratio of the longer to the shorter side.
    radius : three (float, float)
        In pixels, for small, medium and large.
    noise : (float, float)
        Standard deviation; white is 1.
    blur : (float, float)
        Standard deviation in pixels, at most 1.
    blurred : float
        Share of the images that are blurred.
    """

    square_exponent: Range = (12, 40)
    oval_exponent: Range = (2, 2)
    aspect: Range = (1.15, 1.5)
    radius: tuple[Range, Range, Range] = ((5.5, 7.8), (9.5, 12.5), (15, 20))
    noise: Range = (0, 0.05)
    blur: Range = (0, 1)
    blurred: float = 0.3


CLEAR = Style()
AMBIGUOUS = Style(
    square_exponent=(2.4, 3.2),
    oval_exponent=(2.0, 2.2),
    aspect=(1.1, 1.4),
    radius=((5.5, 8), (9.5, 12.5), (13, 18)),
    noise=(0.05, 0.05),
    blur=(0.5, 0.5),
    blurred=1,
)
"""Squares and ovals that a classifier can hardly tell apart, so that it relies on what is correlated with them."""


def uniform(rng: np.random.Generator, limits: Range, *size: int) -> Floats:
    """Draw numbers uniformly within limits.

    Parameters
    ----------
    rng : numpy.random.Generator
    limits : (float, float)
    *size : int

    Returns
    -------
    float32 ndarray of shape size
    """
    return rng.uniform(*limits, size).astype(np.float32)
