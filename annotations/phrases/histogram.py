"""The histogram of similarities, as an SVG draws it: the right images above a line, the wrong ones below it.

On it lies a handle: where the threshold stands, and how the images divide wherever it is moved.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_BINS = 32
WIDTH, HALF_HEIGHT, GAP = 640, 44, 3  # of the drawing, in its own units

N_STEPS = 128


@dataclass(frozen=True)
class Bar:
    """Both bars of one bin. Heights are in the drawing's units; bars above the line begin at `right_y`."""

    x: float
    width: float
    right_height: float
    wrong_height: float

    @property
    def right_y(self) -> float:
        return HALF_HEIGHT - self.right_height


@dataclass(frozen=True)
class Histogram:
    """Bars of equal width from the least to the greatest similarity; `threshold_x` is None without a threshold."""

    bars: tuple[Bar, ...]
    threshold_x: float | None
    width: int = WIDTH
    middle: int = HALF_HEIGHT
    height: int = 2 * HALF_HEIGHT + GAP
    wrong_y: int = HALF_HEIGHT + GAP


def histogram(similarities: NDArray[np.float32], is_error: NDArray[np.bool_], threshold: float | None) -> Histogram:
    """Return the histogram of similarities (float32[n], n ≥ 1) of right and wrong images (bool[n])."""
    values = similarities.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    edges = np.linspace(low, high if high > low else low + 1e-6, N_BINS + 1)
    right, wrong = (np.histogram(values[side], edges)[0] for side in (~is_error, is_error))
    scale = HALF_HEIGHT / max(int(right.max()), int(wrong.max()), 1)
    step = WIDTH / N_BINS
    bars = tuple(
        Bar(round(number * step + 0.5, 1), round(step - 1, 1), round(n_right * scale, 1), round(n_wrong * scale, 1))
        for number, (n_right, n_wrong) in enumerate(zip(right.tolist(), wrong.tolist(), strict=True))
    )
    span = edges[-1] - edges[0]
    return Histogram(bars, None if threshold is None else round(float((threshold - low) / span * WIDTH), 1))


@dataclass(frozen=True)
class Handle:
    """Positions 0 to `last` stand evenly from the least to the greatest likeness to what the phrase says.

    position: where the handle stands; the nearest one to a threshold that lies between two. best: the position of the
    automatic threshold. right_with, wrong_with: how many right and wrong images are above each position, int[last + 1].
    is_chosen: whether the person moved it away from the automatic threshold.
    """

    position: int
    best: int
    right_with: tuple[int, ...]
    wrong_with: tuple[int, ...]
    n_right: int
    n_wrong: int
    is_chosen: bool
    last: int = N_STEPS

    @property
    def n_images(self) -> int:
        return self.n_right + self.n_wrong


def handle(
    signed: NDArray[np.float32],
    is_error: NDArray[np.bool_],
    threshold: float | None,
    *,
    automatic: float | None,
    is_chosen: bool = False,
) -> Handle | None:
    """Return the handle over sign * similarity, float32[n], of right and wrong images bool[n].

    None where all are equal. Above the threshold is what the phrase says. Without one the handle stands at the end.
    """
    low, high = _extent(signed)
    if low == high:
        return None
    places = _places(low, high)
    return Handle(
        position=_position(threshold, low, high),
        best=_position(automatic, low, high),
        right_with=_above(signed[~is_error], places),
        wrong_with=_above(signed[is_error], places),
        n_right=int((~is_error).sum()),
        n_wrong=int(is_error.sum()),
        is_chosen=is_chosen,
    )


def threshold_at(signed: NDArray[np.float32], position: int) -> float:
    """Return the threshold of sign * similarity, exact float32, at a position (0 to N_STEPS)."""
    return float(_places(*_extent(signed))[position])


def _position(threshold: float | None, low: float, high: float) -> int:
    share = 1.0 if threshold is None else (threshold - low) / (high - low)
    return int(np.clip(round(share * N_STEPS), 0, N_STEPS))


def _extent(values: NDArray[np.float32]) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _places(low: float, high: float) -> NDArray[np.float32]:
    return np.linspace(low, high, N_STEPS + 1).astype(np.float32)


def _above(values: NDArray[np.float32], places: NDArray[np.float32]) -> tuple[int, ...]:
    return tuple((len(values) - np.searchsorted(np.sort(values), places, side="right")).tolist())
