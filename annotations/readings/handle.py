"""The handle on the histogram: where the threshold stands, and how the images divide wherever it is moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_STEPS = 128


@dataclass(frozen=True)
class Handle:
    """Positions 0 to `last` stand evenly from the least to the greatest similarity.

    position: where the handle stands; the nearest one to a threshold that lies between two. right_above, wrong_above:
    how many right and wrong images are above the threshold at each position, int[last + 1]. is_chosen: whether the
    person moved it away from the automatic threshold.
    """

    position: int
    right_above: tuple[int, ...]
    wrong_above: tuple[int, ...]
    n_right: int
    n_wrong: int
    is_chosen: bool
    last: int = N_STEPS


def handle(
    similarities: NDArray[np.float32], is_error: NDArray[np.bool_], threshold: float | None, *, is_chosen: bool
) -> Handle | None:
    """Return the handle over similarities float32[n] of right and wrong images bool[n], None where all are equal.

    Without a threshold it stands at the end, above every image.
    """
    low, high = _extent(similarities)
    if low == high:
        return None
    thresholds = np.array([threshold_at(similarities, position) for position in range(N_STEPS + 1)], np.float32)
    share = 1.0 if threshold is None else (threshold - low) / (high - low)
    return Handle(
        position=int(np.clip(round(share * N_STEPS), 0, N_STEPS)),
        right_above=_above(similarities[~is_error], thresholds),
        wrong_above=_above(similarities[is_error], thresholds),
        n_right=int((~is_error).sum()),
        n_wrong=int(is_error.sum()),
        is_chosen=is_chosen,
    )


def threshold_at(similarities: NDArray[np.float32], position: int) -> float:
    """Return the threshold, exact float32, at a position (0 to N_STEPS; others count as the nearer end)."""
    low, high = _extent(similarities)
    step = min(max(position, 0), N_STEPS)
    return float(np.float32(low + (high - low) * step / N_STEPS))


def _extent(similarities: NDArray[np.float32]) -> tuple[float, float]:
    return float(similarities.min()), float(similarities.max())


def _above(values: NDArray[np.float32], thresholds: NDArray[np.float32]) -> tuple[int, ...]:
    counts = len(values) - np.searchsorted(np.sort(values), thresholds, side="right")
    return tuple(counts.tolist())
