"""The histogram of similarities, as an SVG draws it: the right images above a line, the wrong ones below it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_BINS = 32
WIDTH, HALF_HEIGHT, GAP = 640, 44, 3  # of the drawing, in its own units


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


def histogram(
    similarities: NDArray[np.float32], is_error: NDArray[np.bool_], threshold: float | None, n_bins: int = N_BINS
) -> Histogram:
    """Return the histogram of similarities (float32[n], n ≥ 1) of right and wrong images (bool[n])."""
    values = similarities.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    edges = np.linspace(low, high if high > low else low + 1e-6, n_bins + 1)
    right, wrong = (np.histogram(values[side], edges)[0] for side in (~is_error, is_error))
    scale = HALF_HEIGHT / max(int(right.max()), int(wrong.max()), 1)
    step = WIDTH / n_bins
    bars = tuple(
        Bar(round(number * step + 0.5, 1), round(step - 1, 1), round(n_right * scale, 1), round(n_wrong * scale, 1))
        for number, (n_right, n_wrong) in enumerate(zip(right.tolist(), wrong.tolist(), strict=True))
    )
    span = edges[-1] - edges[0]
    return Histogram(bars, None if threshold is None else round(float((threshold - low) / span * WIDTH), 1))
