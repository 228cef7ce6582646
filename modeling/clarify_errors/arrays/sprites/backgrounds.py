"""Backgrounds of sprites: a pattern of two greys of one shade."""

from collections.abc import Callable

import numpy as np

from clarify_errors.arrays.sprites.attributes import VALUES, Ints, SpriteAttributes
from clarify_errors.arrays.sprites.style import IMAGE_SIZE, Floats, Range, X, Y, uniform

_GREY: dict[str, Range] = {"dark": (0.06, 0.24), "light": (0.74, 0.94)}
_CONTRAST: Range = (0.12, 0.2)


def backgrounds(attributes: SpriteAttributes, rng: np.random.Generator) -> Floats:
    """Draw backgrounds.

    Parameters
    ----------
    attributes : SpriteAttributes
        n sprites.
    rng : numpy.random.Generator

    Returns
    -------
    float32 ndarray of shape (n, 64, 64, 3)
        Colours in [0, 1].
    """
    n = len(attributes)
    limits = np.array([_GREY[shade] for shade in VALUES["shade"]], dtype=np.float32)[attributes.shade]
    grey = limits[:, 0] + (limits[:, 1] - limits[:, 0]) * uniform(rng, (0, 1), n)
    towards = np.where(attributes.shade == VALUES["shade"].index("dark"), 1, -1).astype(np.float32)
    contrast = uniform(rng, _CONTRAST, n) * towards
    level: Floats = grey[:, None, None] + contrast[:, None, None] * _patterns(attributes.texture, rng)
    tint = uniform(rng, (-0.03, 0.03), n, 3)
    return level[..., None] + tint[:, None, None, :]


def _patterns(texture: Ints, rng: np.random.Generator) -> Floats:
    """Draw patterns, float32[n, 64, 64] in [0, 1]: 0 for plain, 1 on the stripes, dots or fields of the others."""
    n = len(texture)
    period, phase = uniform(rng, (8, 13), n), uniform(rng, (0, 1), n, 2)
    angle = np.floor(uniform(rng, (0, 4), n)) * np.float32(np.pi / 4)
    patterns = np.zeros((n, IMAGE_SIZE, IMAGE_SIZE), dtype=np.float32)
    for name, pattern in _PATTERNS.items():
        rows = np.flatnonzero(texture == VALUES["texture"].index(name))
        patterns[rows] = pattern(period[rows, None, None], phase[rows, :, None, None], angle[rows, None, None])
    return np.clip(patterns, 0, 1)


def _stripes(period: Floats, phase: Floats, angle: Floats) -> Floats:
    along = (X * np.cos(angle) + Y * np.sin(angle)) / period + phase[:, 0]
    return 0.5 + 2 * np.sin(2 * np.pi * along)


def _dots(period: Floats, phase: Floats, angle: Floats) -> Floats:
    u, v = X / period + phase[:, 0], Y / period + phase[:, 1]
    return period * 0.24 - np.hypot(u - np.rint(u), v - np.rint(v)) * period + 0.5


def _checks(period: Floats, phase: Floats, angle: Floats) -> Floats:
    u, v = X / period + phase[:, 0], Y / period + phase[:, 1]
    return 0.5 + 3 * np.sin(np.pi * u) * np.sin(np.pi * v)


_PATTERNS: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "striped": _stripes,
    "dotted": _dots,
    "checkered": _checks,
}
