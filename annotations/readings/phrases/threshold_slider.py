"""The handle on the histogram: where the threshold stands, and how the images divide wherever it is moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_STEPS = 128


@dataclass(frozen=True)
class Handle:
    """Positions 0 to `last` stand evenly from the least to the greatest similarity to the subject.

    position: where the handle stands; the nearest one to a threshold that lies between two. right_with, wrong_with: how
    many right and wrong images are on the side with the subject at each position, int[last + 1]. is_chosen: whether
    the person moved it away from the automatic threshold.
    """

    position: int
    right_with: tuple[int, ...]
    wrong_with: tuple[int, ...]
    n_right: int
    n_wrong: int
    is_chosen: bool
    last: int = N_STEPS


def handle(
    similarities: NDArray[np.float32],
    is_error: NDArray[np.bool_],
    threshold: float | None,
    *,
    sign: int = 1,
    is_chosen: bool = False,
) -> Handle | None:
    """Return the handle over similarities float32[n] of right and wrong images bool[n], None where all are equal.

    threshold: above it is sign * similarity > threshold, as in a score. Without one the handle stands at the end.
    """
    low, high = _extent(similarities)
    if low == high:
        return None
    share = 1.0 if threshold is None else (sign * threshold - low) / (high - low)
    return Handle(
        position=int(np.clip(round(share * N_STEPS), 0, N_STEPS)),
        right_with=_with(similarities[~is_error], _places(low, high), sign),
        wrong_with=_with(similarities[is_error], _places(low, high), sign),
        n_right=int((~is_error).sum()),
        n_wrong=int(is_error.sum()),
        is_chosen=is_chosen,
    )


def threshold_at(similarities: NDArray[np.float32], position: int, sign: int = 1) -> float:
    """Return the threshold, exact float32 and with the sign of a score's, at a position (0 to N_STEPS)."""
    return sign * float(_places(*_extent(similarities))[position])


def _extent(similarities: NDArray[np.float32]) -> tuple[float, float]:
    return float(similarities.min()), float(similarities.max())


def _places(low: float, high: float) -> NDArray[np.float32]:
    return np.linspace(low, high, N_STEPS + 1).astype(np.float32)


def _with(values: NDArray[np.float32], places: NDArray[np.float32], sign: int) -> tuple[int, ...]:
    """Images at the place itself are without the subject; for a negation with it: both are "not above"."""
    n_without = np.searchsorted(np.sort(values), places, side="right" if sign > 0 else "left")
    return tuple((len(values) - n_without).tolist())
