"""The handle between images in order of likeness: where the threshold stands, and how it divides them elsewhere."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_STEPS = 128
MOST_IN_ORDER = 20  # pictures, in two rows


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

    @property
    def best_percent(self) -> float:
        """Percent of the images that the automatic threshold leaves below it: where its line stands."""
        return 100 * (1 - (self.right_with[self.best] + self.wrong_with[self.best]) / self.n_images)


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


def in_order_of_likeness(signed: NDArray[np.float32], is_error: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return an even number of images, the least alike first, that stand for all of them: int64[m], m ≤ MOST_IN_ORDER.

    signed: sign * similarity, float32[n], n ≥ 2; is_error: bool[n]. Each image stands for its neighbours in the order,
    all for equally many. Up to each, the number of wrong ones is in proportion to all images, to half an image.
    """
    order, m = np.argsort(signed, kind="stable"), min(len(signed), MOST_IN_ORDER) // 2 * 2
    chosen, owed = [], 0.0
    for near in np.split(order, np.arange(1, m) * len(order) // m):
        wrong, right = near[is_error[near]], near[~is_error[near]]
        owed += len(wrong) / len(near)
        is_wrong = not len(right) or (len(wrong) > 0 and owed >= 0.5)
        owed -= is_wrong
        of_kind = wrong if is_wrong else right
        chosen.append(of_kind[len(of_kind) // 2])
    return np.array(chosen)


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
