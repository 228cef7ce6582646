"""Error score of the union of several phrases' or concepts' hard slices.

They are chosen on one half of the images, so only the score on the other half should be reported. See
docs/analysts/statistics.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_booleans, check_one_length
from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate


@dataclass(frozen=True, eq=False)
class Together:
    """Error scores of unions of hard slices in D draws.

    Column i is for the first i + 1 concepts.

    Attributes
    ----------
    chosen : int64 ndarray of shape (D, most)
        Rows of the concepts, in the order in which they were chosen; -1 once no further one adds to the score.
    learned : float64 ndarray of shape (D, most)
        Scores in [0, 1] on the half that chose them. If the choice stops early, the last score is repeated.
    held_out : float64 ndarray of shape (D, most)
        Scores in [0, 1] on the other half, likewise; only these should be reported.
    """

    chosen: NDArray[np.int64]
    learned: NDArray[np.float64]
    held_out: NDArray[np.float64]


def stratified_half(is_error: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw a random half of the wrong and of the right images.

    Parameters
    ----------
    is_error : bool ndarray of shape (n,)
    rng : numpy.random.Generator

    Returns
    -------
    bool ndarray of shape (n,)
        True for the drawn images; both numbers are rounded up.

    Raises
    ------
    BadArray
        If `is_error` is not a boolean vector.
    """
    check_one_length(is_error=is_error)
    check_booleans(is_error, "is_error")
    half = np.zeros(len(is_error), np.bool_)
    for value in (False, True):
        rows = rng.permutation(np.flatnonzero(is_error == value))
        half[rows[: (len(rows) + 1) // 2]] = True
    return half


def select_greedily(
    members: NDArray[np.bool_], is_error: NDArray[np.bool_], learn: NDArray[np.bool_], most: int
) -> Together:
    """Choose concepts greedily by the error score of the union of their slices.

    Many draws are made at once.

    Parameters
    ----------
    members : bool ndarray of shape (D, K, n) or (1, K, n)
        Whether each image is in the slice of each concept. With one entry on the first axis, every draw has the same
        slices.
    is_error : bool ndarray of shape (D, n)
        True where the prediction is wrong.
    learn : bool ndarray of shape (n,)
        True for the images to choose by, from `stratified_half`.
    most : int
        Largest number of concepts.

    Returns
    -------
    Together
        The lower row wins a tie.

    Raises
    ------
    BadArray
        If shapes or types are invalid.
    NothingToSeparate
        If a half of any draw lacks right or wrong images.
    """
    for name, values in (("members", members), ("is_error", is_error), ("learn", learn)):
        check_booleans(values, name)
    n, draws = learn.size, len(is_error)
    fit = learn.shape == (n,) and is_error.shape == (draws, n) and members.ndim == 3
    if not fit or members.shape[0] not in (1, draws) or members.shape[2] != n:
        raise BadArray(
            f"the shapes of members {members.shape}, is_error {is_error.shape} and learn {learn.shape} do not fit"
        )
    together = Together(np.full((draws, most), -1), np.zeros((draws, most)), np.zeros((draws, most)))
    worth, max_learned = _worth(is_error, learn)
    reported, max_reported = _worth(is_error, ~learn)
    every = np.arange(draws)
    of_draw = np.broadcast_to(members, (draws, *members.shape[1:]))
    inside = members.astype(np.float64)
    union = np.zeros((draws, n), np.bool_)
    for i in range(most if members.shape[1] else 0):
        gains = (inside @ np.where(union, 0.0, worth)[:, :, None])[:, :, 0]
        best = gains.argmax(axis=1)
        adds = gains[every, best] > 0
        together.chosen[adds, i] = best[adds]
        union |= of_draw[every, best] & adds[:, None]
        together.learned[:, i] = np.where(union, worth, 0.0).sum(axis=1) / max_learned
        together.held_out[:, i] = np.maximum(np.where(union, reported, 0.0).sum(axis=1), 0.0) / max_reported
    return together


def together_by_chance(
    members: NDArray[np.bool_],
    is_error: NDArray[np.bool_],
    learn: NDArray[np.bool_],
    most: int,
    rng: np.random.Generator,
    tries: int = 200,
) -> NDArray[np.float64]:
    """Compute the held-out scores of `select_greedily` for shuffled errors.

    Errors are shuffled within each half. The slices, their overlaps and the number to choose from stay as they are.

    Parameters
    ----------
    members : bool ndarray of shape (K, n)
    is_error : bool ndarray of shape (n,)
    learn : bool ndarray of shape (n,)
        True for the images to choose by.
    most : int
        Largest number of concepts.
    rng : numpy.random.Generator
    tries : int, default 200
        Number of shuffles.

    Returns
    -------
    float64 ndarray of shape (tries, most)
        Held-out scores in [0, 1] after 1, 2, … concepts. If the choice stops early, the last score is repeated.

    Raises
    ------
    BadArray
        If shapes or types are invalid.
    NothingToSeparate
        If a half lacks right or wrong images.
    """
    check_one_length(is_error=is_error, learn=learn)
    check_booleans(learn, "learn")
    shuffled = np.tile(is_error, (tries, 1))
    for row in shuffled:
        for half in (learn, ~learn):
            row[half] = rng.permutation(is_error[half])
    return select_greedily(members[None], shuffled, learn, most).held_out


def _worth(is_error: NDArray[np.bool_], half: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute what each image of a half adds to a union's error score, and the sum that makes a score of 1.

    float64[D, n] and float64[D], in whole numbers, so that sums are exact. A wrong image adds the number of right
    images; a right image subtracts the number of wrong ones.
    """
    n_error = np.count_nonzero(is_error & half, axis=1)
    n_correct = int(half.sum()) - n_error
    if not (n_error.all() and n_correct.all()):
        raise NothingToSeparate(int(n_correct.min()), int(n_error.min()))
    worth = np.where(is_error, n_correct[:, None], -n_error[:, None]) * half
    return worth.astype(np.float64), (n_error * n_correct).astype(np.float64)
