"""How much the best phrases or concepts explain together: the error score of the union of their hard slices.

They are chosen on one half of the images, and the other half alone is fit to be reported. See docs/methods.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_booleans, check_members, check_one_length
from modeling.arrays.common.modeling_errors import BadArray, NothingToSeparate


@dataclass(frozen=True)
class Together:
    """The error score of the union of hard slices, one entry for each concept more.

    chosen: numbers of the concepts, in the order in which they were taken. learned: on the half of the images by which
    they were chosen; held_out: on the other half, which alone is fit to be reported. Both in [0, 1].
    """

    chosen: tuple[int, ...]
    learned: tuple[float, ...]
    held_out: tuple[float, ...]


def stratified_half(is_error: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return a random half of the images, bool[n], with half of the wrong and half of the right ones (rounded up).

    Raises BadArray.
    """
    check_one_length(is_error=is_error)
    check_booleans(is_error, "is_error")
    half = np.zeros(len(is_error), np.bool_)
    for value in (False, True):
        rows = rng.permutation(np.flatnonzero(is_error == value))
        half[rows[: (len(rows) + 1) // 2]] = True
    return half


def best_together(
    members: NDArray[np.bool_], is_error: NDArray[np.bool_], learn: NDArray[np.bool_], most: int
) -> Together:
    """Choose concepts one by one, each the one that adds most to the error score of the union of their hard slices.

    members: bool[K, n]; is_error: bool[n]; learn: bool[n], the images by which to choose (`stratified_half`); most: how
    many at most. It stops where none adds anything on that half. The lower number wins a tie. Raises BadArray, and
    NothingToSeparate where a half lacks right or wrong images.
    """
    _check_fit(members, is_error=is_error, learn=learn)
    worth, most_learned = _worth(is_error[None], learn)
    reported, most_reported = _worth(is_error[None], ~learn)
    chosen: list[int] = []
    learned: list[float] = []
    held_out: list[float] = []
    union = np.zeros(members.shape[1], np.bool_)
    while len(chosen) < min(most, len(members)):
        gains = members @ np.where(union, 0.0, worth[0])
        best = int(gains.argmax())
        if gains[best] <= 0:
            break
        union = union | members[best]
        chosen.append(best)
        learned.append(float(worth[0, union].sum() / most_learned[0]))
        held_out.append(max(0.0, float(reported[0, union].sum() / most_reported[0])))
    return Together(tuple(chosen), tuple(learned), tuple(held_out))


def together_in_draws(
    members: NDArray[np.bool_], is_error: NDArray[np.bool_], learn: NDArray[np.bool_], most: int
) -> NDArray[np.float64]:
    """Return what `best_together` reports on the other half in each of many draws, all at once: float64[D, most].

    members: bool[D, K, n], or bool[1, K, n] where every draw has the same; is_error: bool[D, n]; learn: bool[n]. Where
    it stopped early, the last score holds. Raises BadArray, and NothingToSeparate where a half of any draw lacks right
    or wrong ones.
    """
    for name, values in (("members", members), ("is_error", is_error), ("learn", learn)):
        check_booleans(values, name)
    n, draws = learn.size, len(is_error)
    fit = learn.shape == (n,) and is_error.shape == (draws, n) and members.ndim == 3
    if not fit or members.shape[0] not in (1, draws) or members.shape[2] != n:
        raise BadArray(f"members {members.shape}, is_error {is_error.shape} and learn {learn.shape} do not fit")
    reached = np.zeros((draws, most))
    if not members.shape[1]:
        return reached
    worth, _ = _worth(is_error, learn)
    reported, most_reported = _worth(is_error, ~learn)
    every = np.arange(draws)
    of_draw = np.broadcast_to(members, (draws, *members.shape[1:]))
    inside = members.astype(np.float64)
    union = np.zeros((draws, n), np.bool_)
    for i in range(most):
        gains = (inside @ np.where(union, 0.0, worth)[:, :, None])[:, :, 0]
        best = gains.argmax(axis=1)
        adds = gains[every, best] > 0
        union |= of_draw[every, best] & adds[:, None]
        reached[:, i] = np.maximum(np.where(union, reported, 0.0).sum(axis=1), 0.0) / most_reported
    return reached


def together_by_chance(
    members: NDArray[np.bool_],
    is_error: NDArray[np.bool_],
    learn: NDArray[np.bool_],
    most: int,
    rng: np.random.Generator,
    tries: int = 200,
) -> NDArray[np.float64]:
    """Return what `best_together` reports on the other half where errors have nothing to do with the phrases.

    float64[tries, most]: held-out scores after 1, 2, … concepts, of errors shuffled within each half, so that the
    slices, their overlaps and the number chosen from stay as they are. Where it stopped early, the last score holds.
    Raises as `best_together` does.
    """
    _check_fit(members, is_error=is_error, learn=learn)
    shuffled = np.tile(is_error, (tries, 1))
    for row in shuffled:
        for half in (learn, ~learn):
            row[half] = rng.permutation(is_error[half])
    return together_in_draws(members[None], shuffled, learn, most)


def _worth(is_error: NDArray[np.bool_], half: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each image of a half adds to a union's error score, and the sum of which the score is a share.

    float64[D, n] and float64[D], in whole numbers, so that sums are exact: the count of right images for a wrong one,
    and less the count of wrong images for a right one.
    """
    n_error = np.count_nonzero(is_error & half, axis=1)
    n_correct = int(half.sum()) - n_error
    if not (n_error.all() and n_correct.all()):
        raise NothingToSeparate(int(n_correct.min()), int(n_error.min()))
    worth = np.where(is_error, n_correct[:, None], -n_error[:, None]) * half
    return worth.astype(np.float64), (n_error * n_correct).astype(np.float64)


def _check_fit(members: NDArray[np.bool_], **of_images: NDArray[np.bool_]) -> None:
    """Raise BadArray unless members are bool[K, n], and each of the others bool[n]; these go by their names."""
    check_members(members)
    for name, values in of_images.items():
        check_booleans(values, name)
    n = check_one_length(**of_images)
    if members.shape[1] != n:
        raise BadArray(f"members {members.shape} do not fit {' and '.join(of_images)} of {n} images")
