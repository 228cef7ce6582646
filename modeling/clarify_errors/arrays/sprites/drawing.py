"""Drawing of sprites: shapes over backgrounds, blurred and noisy."""

import numpy as np
import numpy.typing as npt

from clarify_errors.arrays.sprites.attributes import SpriteAttributes
from clarify_errors.arrays.sprites.backgrounds import backgrounds
from clarify_errors.arrays.sprites.shapes import coverage
from clarify_errors.arrays.sprites.style import CLEAR, IMAGE_SIZE, Floats, Style, uniform

Images = npt.NDArray[np.uint8]

_RGB = np.array(
    [
        (0.86, 0.11, 0.12),
        (0.97, 0.53, 0.07),
        (0.95, 0.88, 0.15),
        (0.13, 0.62, 0.20),
        (0.12, 0.80, 0.84),
        (0.13, 0.24, 0.86),
        (0.50, 0.16, 0.70),
        (0.98, 0.55, 0.76),
        (0.45, 0.27, 0.11),
    ],
    dtype=np.float32,
)


def draw(attributes: SpriteAttributes, rng: np.random.Generator, style: Style = CLEAR, chunk: int = 100) -> Images:
    """Draw sprites.

    Parameters
    ----------
    attributes : SpriteAttributes
        n sprites.
    rng : numpy.random.Generator
    style : Style, default CLEAR
    chunk : int, default 100
        Sprites to draw at once.

    Returns
    -------
    uint8 ndarray of shape (n, 64, 64, 3)
        The same arguments and generator state give the same pixels.
    """
    images = np.empty((len(attributes), IMAGE_SIZE, IMAGE_SIZE, 3), dtype=np.uint8)
    for start in range(0, len(attributes), chunk):
        rows = slice(start, start + chunk)
        images[rows] = _draw_chunk(attributes.take(rows), rng, style)
    return images


def _draw_chunk(attributes: SpriteAttributes, rng: np.random.Generator, style: Style) -> Images:
    n = len(attributes)
    background = backgrounds(attributes, rng)
    covered = coverage(attributes, rng, style)[..., None]
    colour = np.clip(_RGB[attributes.colour] * uniform(rng, (0.9, 1.1), n, 1) + uniform(rng, (-0.04, 0.04), n, 3), 0, 1)
    pixels = background * (1 - covered) + colour[:, None, None, :] * covered
    blurred = np.flatnonzero(rng.random(n) < style.blurred)
    pixels[blurred] = _blurred(pixels[blurred], uniform(rng, style.blur, len(blurred)))
    noise = uniform(rng, style.noise, n)[:, None, None, None]
    pixels += noise * rng.standard_normal(pixels.shape, dtype=np.float32)
    return (np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8)


def _blurred(pixels: Floats, sigma: Floats) -> Floats:
    """Blur each image by its own sigma, 0 to 1 pixels: two passes of three taps, each with half of the variance."""
    side = (sigma**2 / 4)[:, None, None, None]
    for _ in range(2):
        for axis in (1, 2):
            padded = np.pad(pixels, [(0, 0), *((1, 1) if a == axis else (0, 0) for a in (1, 2)), (0, 0)], mode="edge")
            before, after = (padded[:, :-2], padded[:, 2:]) if axis == 1 else (padded[:, :, :-2], padded[:, :, 2:])
            pixels = pixels + (before + after - 2 * pixels) * side
    return pixels
