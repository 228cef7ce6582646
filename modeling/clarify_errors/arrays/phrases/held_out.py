"""Scores of phrases on held-out images, for bonuses (docs/analysts/methods.md).

The validation images of a class are split once into a choosing half and a scoring half. The best phrase and its
threshold are chosen on the first half and only measured on the second:

    J' = share of wrong images above τ - share of right images above τ

J' is at most the error score of the scoring half, since that is the maximum over all thresholds.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.phrases.error_score import error_scores, null_level


@dataclass(frozen=True)
class HeldOutScore:
    """Score of the chosen phrase on the scoring half, from `score_held_out`.

    Attributes
    ----------
    phrase : int or None
        Row of the chosen phrase; None if no phrase has a threshold on the choosing half.
    threshold : float or None
        τ of sign × similarity.
    value : float
        J' in [-1, 1]; 0 without a phrase.
    null_level : float
        Score on as many images that the best of `tries` phrases unrelated to the errors stays at or below in 19 of 20
        cases.
    tries : int
        Distinct phrases that the person tried.
    n_correct, n_error : int
        Right and wrong images of the scoring half.
    vocabulary_level : float or None
        What one common word reaches on the scoring half, for the sign of the phrase; None where it was not given.
    """

    phrase: int | None
    threshold: float | None
    value: float
    null_level: float
    tries: int
    n_correct: int
    n_error: int
    vocabulary_level: float | None = None

    @property
    def level(self) -> float:
        """The larger of the levels."""
        return max(self.null_level, self.vocabulary_level or 0.0)

    def passes(self, goal: float | None) -> bool:
        """Return whether the phrase is above the goal and the levels.

        Parameters
        ----------
        goal : float or None
            The study's goal; without one only the levels count.

        Returns
        -------
        bool
        """
        return self.phrase is not None and self.value > max(self.level, goal or 0.0)


def scoring_half(image_keys: NDArray[np.bytes_], is_error: NDArray[np.bool_], seed: str) -> NDArray[np.bool_]:
    """Select the images that score the chosen phrase.

    Wrong and right images are each ordered by SHA-256 of seed and key, and every second one is selected, the first
    included.

    Parameters
    ----------
    image_keys : bytes ndarray of shape (n,)
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong.
    seed : str

    Returns
    -------
    bool ndarray of shape (n,)
        True for the scoring half. If there is an odd number of wrong (or right) images, it gets the larger part.

    Raises
    ------
    BadArray
        If the arrays are not vectors of the same length.

    Notes
    -----
    The split depends on the keys alone, not on their order.

    Examples
    --------
    >>> scoring_half(np.array([b"a", b"b", b"c", b"d"]), np.array([True, True, False, False]), "s").tolist()
    [True, False, False, True]
    """
    if image_keys.shape != is_error.shape or image_keys.ndim != 1:
        raise BadArray(f"keys {image_keys.shape} and errors {is_error.shape} must be vectors of the same length")
    digests = [hashlib.sha256(seed.encode() + b"/" + bytes(key)).digest() for key in image_keys.tolist()]
    scoring = np.zeros(len(image_keys), np.bool_)
    for wrong in (True, False):
        ordered = sorted(np.flatnonzero(is_error == wrong).tolist(), key=lambda i: digests[i])
        scoring[ordered[::2]] = True
    return scoring


def score_held_out(
    similarities: NDArray[np.float32],
    is_error: NDArray[np.bool_],
    scoring: NDArray[np.bool_],
    tries: int,
    vocabulary_levels: Sequence[float | None] = (),
) -> HeldOutScore:
    """Choose the best phrase on one half and score it on the other.

    Parameters
    ----------
    similarities : float32 ndarray of shape (K, n)
        Sign × similarity, in submission order; the earliest phrase wins a tie.
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong.
    scoring : bool ndarray of shape (n,)
        True for the scoring half, from `scoring_half`.
    tries : int
        Distinct phrases that the person tried, at least K.
    vocabulary_levels : sequence of K floats or None, default ()
        What one common word reaches on the scoring half, for the sign of each phrase; empty where it is not known.

    Returns
    -------
    HeldOutScore
        `value` is 0 without a usable phrase.

    Raises
    ------
    NothingToSeparate
        If a half lacks wrong or right images.
    BadArray
        If shapes, types or `tries` are invalid.

    Examples
    --------
    >>> is_error, scoring = np.array([True, True, False, False]), np.array([True, False, True, False])
    >>> score_held_out(np.array([[0.9, 0.8, 0.2, 0.1]], np.float32), is_error, scoring, tries=1).value
    1.0
    """
    if similarities.ndim != 2 or scoring.shape != is_error.shape or similarities.shape[1:] != is_error.shape:
        raise BadArray(
            f"similarities {similarities.shape}, errors {is_error.shape} and halves {scoring.shape} "
            "must have shapes (K, n), (n,) and (n,)"
        )
    n_error = int(is_error[scoring].sum())
    n_correct = int(scoring.sum()) - n_error
    level = null_level(n_correct, n_error, tries)
    chosen = error_scores(similarities[:, ~scoring], is_error[~scoring])
    best = int(np.argmax(chosen.value)) if len(chosen) else None
    if best is None or np.isnan(chosen.threshold[best]):
        return HeldOutScore(None, None, 0.0, level, tries, n_correct, n_error)
    threshold = float(chosen.threshold[best])
    above = similarities[best, scoring] > np.float32(threshold)
    wrong = is_error[scoring]
    wrong_above, right_above = int((above & wrong).sum()), int((above & ~wrong).sum())
    value = (wrong_above * n_correct - right_above * n_error) / (n_correct * n_error)
    common = vocabulary_levels[best] if vocabulary_levels else None
    return HeldOutScore(best, threshold, value, level, tries, n_correct, n_error, common)
