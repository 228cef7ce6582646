"""Shapes of sprites: a boundary radius per direction. A pixel is inside if it is nearer to the centre than that."""

import numpy as np
import numpy.typing as npt

from clarify_errors.arrays.sprites.attributes import VALUES, SpriteAttributes
from clarify_errors.arrays.sprites.style import IMAGE_SIZE, Floats, Style, X, Y, uniform

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
