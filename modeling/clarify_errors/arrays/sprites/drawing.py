"""Drawing of sprites: shapes over backgrounds, blurred and noisy."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from clarify_errors.arrays.sprites.attributes import VALUES, Ints, SpriteAttributes
from clarify_errors.arrays.sprites.style import CLEAR, IMAGE_SIZE, Floats, Range, Style, X, Y, uniform

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


_DIRECTIONS = 720
_THETA = (np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)).astype(np.float32)


def coverage(attributes: SpriteAttributes, rng: np.random.Generator, style: Style) -> Floats:
    """Compute the share of each pixel that the shape covers.

    Parameters
    ----------
    attributes : SpriteAttributes
        n sprites.
    rng : numpy.random.Generator
    style : Style

    Returns
    -------
    float32 ndarray of shape (n, 64, 64)
        In [0, 1], anti-aliased over one pixel.
    """
    n = len(attributes)
    limits = np.array(style.radius, dtype=np.float32)[attributes.size]
    radius = limits[:, 0] + (limits[:, 1] - limits[:, 0]) * uniform(rng, (0, 1), n)
    boundary = _boundaries(attributes, rng, style) * radius[:, None]
    room = np.clip(IMAGE_SIZE / 2 - 1 - boundary.max(axis=1), 0, 8)[:, None]
    centre = uniform(rng, (-1, 1), n, 2) * room
    x = X - centre[:, 0, None, None]
    y = centre[:, 1, None, None] - Y
    turned = np.arctan2(y, x) - _angles(attributes, rng)[:, None, None]
    direction = np.rint(turned * (_DIRECTIONS / (2 * np.pi))).astype(np.int32) % _DIRECTIONS
    edge = np.take_along_axis(boundary, direction.reshape(n, -1), axis=1).reshape(direction.shape)
    inside: Floats = np.clip(edge - np.hypot(x, y) + 0.5, 0, 1)
    return inside


def _boundaries(attributes: SpriteAttributes, rng: np.random.Generator, style: Style) -> Floats:
    """Return the boundary of each upright shape with radius 1, float32[n, 720]."""
    n = len(attributes)
    stretch = np.sqrt(uniform(rng, style.aspect, n))
    square_exponent, oval_exponent = uniform(rng, style.square_exponent, n), uniform(rng, style.oval_exponent, n)
    on_its_side = rng.random(n) < 0.5
    boundary = _FIXED_BOUNDARIES[attributes.shape]
    for shape, exponent in (("square", square_exponent), ("oval", oval_exponent)):
        rows = np.flatnonzero(attributes.shape == VALUES["shape"].index(shape))
        width = np.where(on_its_side, stretch, 1 / stretch)[rows, None]
        boundary[rows] = _superellipse(exponent[rows, None], width)
    return boundary


def _superellipse(exponent: Floats, width: Floats) -> Floats:
    """Return the boundary of |x/width|^p + |y·width|^p = 1 in every direction; exponent and width are [n, 1]."""
    x, y = np.abs(np.cos(_THETA)) / width, np.abs(np.sin(_THETA)) * width
    # Factor out the larger of the two, so that a large exponent cannot underflow both terms.
    larger = np.maximum(x, y)
    inner: Floats = larger * ((x / larger) ** exponent + (y / larger) ** exponent) ** (1 / exponent)
    return (1 / inner).astype(np.float32)


def _outline(corners: npt.NDArray[np.float64]) -> Floats:
    """Return the boundary in every direction of the star-shaped outline through `corners` [k, 2]."""
    closed = np.concatenate([corners, corners[:1]])
    share = np.linspace(0, 1, 200, endpoint=False)[:, None]
    points = (closed[:-1, None] * (1 - share) + closed[1:, None] * share).reshape(-1, 2)
    angle = np.arctan2(points[:, 1], points[:, 0])
    return np.interp(_THETA, angle, np.hypot(points[:, 0], points[:, 1]), period=2 * np.pi).astype(np.float32)


def _regular(points: int, outer: float, inner: float | None = None) -> npt.NDArray[np.float64]:
    """Return the corners of a polygon (or, with an inner radius, a star) that stands with one point up."""
    radii = [outer] if inner is None else [outer, inner]
    angle = np.pi / 2 + np.arange(points * len(radii)) * (2 * np.pi / (points * len(radii)))
    corners: npt.NDArray[np.float64] = np.tile(radii, points)[:, None] * np.stack(
        [np.cos(angle), np.sin(angle)], axis=1
    )
    return corners


def _heart() -> npt.NDArray[np.float64]:
    t = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([x, y + 2], axis=1) / 14


_FIXED_BOUNDARIES = np.stack(
    [
        np.ones(_DIRECTIONS, dtype=np.float32),  # square and oval: replaced in _boundaries
        np.ones(_DIRECTIONS, dtype=np.float32),
        _outline(_regular(3, 1.3)),
        _outline(_regular(5, 1.35, 0.6)),
        _outline(_heart()),
    ]
)

# Range of degrees off upright in which a shape is plainly tilted, and the turn after which it looks upright again.
_TILTED = np.array([(22, 68), (22, 68), (24, 96), (22, 50), (25, 335)], dtype=np.float32)
_SYMMETRY = np.array([90, 90, 120, 72, 360], dtype=np.float32)
_UPRIGHT = 4.0


def _angles(attributes: SpriteAttributes, rng: np.random.Generator) -> Floats:
    """Return angles, float32[n], in radians: within 4° of upright, or clearly off it."""
    n = len(attributes)
    low, high = _TILTED[attributes.shape].T
    tilted = low + (high - low) * uniform(rng, (0, 1), n)
    degrees = np.where(attributes.tilt == 1, tilted, uniform(rng, (-_UPRIGHT, _UPRIGHT), n))
    turns = np.floor(uniform(rng, (0, 1), n) * (360 / _SYMMETRY[attributes.shape]))
    return np.deg2rad(degrees + turns * _SYMMETRY[attributes.shape]).astype(np.float32)


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
