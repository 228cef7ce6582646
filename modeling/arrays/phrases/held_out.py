"""Judging phrases on images that had no part in choosing among them, for bonuses. See docs/methods.md.

The validation images of a class are split once into a choosing half and a judging half. The best phrase and its
threshold are chosen on the first; on the second they are only measured:

    J' = share of wrong images above τ - share of right images above τ

which is at most the error score of that half, since that is the maximum over all thresholds.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.phrases.error_score import error_scores, null_level


@dataclass(frozen=True)
class HeldOutScore:
    """What `judge` returns.

    phrase: which row was chosen, None where no phrase has a threshold on the choosing half; threshold: of sign *
    similarity. value: J' in [-1, 1], 0 where there is no phrase; null_level: what the best of `tries` random phrases
    does not pass in 19 of 20 cases, on as many images. n_correct, n_error: images of the judging half.
    """

    phrase: int | None
    threshold: float | None
    value: float
    null_level: float
    tries: int
    n_correct: int
    n_error: int

    def passes(self, goal: float | None) -> bool:
        """Whether the phrase is above both the goal and what random words reach; without a goal above the latter."""
        return self.phrase is not None and self.value > max(self.null_level, goal or 0.0)


def judging_half(image_keys: NDArray[np.bytes_], is_error: NDArray[np.bool_], seed: str) -> NDArray[np.bool_]:
    """Return which images judge: bool[n] from bytes[n] and bool[n].

    Within the wrong images, and within the right ones, they are ordered by SHA-256 of seed and key and every second one
    judges, the first included. So it depends on the keys alone, not on their order, and a class with an odd number
    of wrong images judges with the larger part.

    >>> judging_half(np.array([b"a", b"b", b"c", b"d"]), np.array([True, True, False, False]), "s").tolist()
    [True, False, False, True]
    """
    if image_keys.shape != is_error.shape or image_keys.ndim != 1:
        raise BadArray(f"keys {image_keys.shape} and errors {is_error.shape} must be of the same images")
    digests = [hashlib.sha256(seed.encode() + b"/" + bytes(key)).digest() for key in image_keys.tolist()]
    judges = np.zeros(len(image_keys), np.bool_)
    for wrong in (True, False):
        ordered = sorted(np.flatnonzero(is_error == wrong).tolist(), key=lambda i: digests[i])
        judges[ordered[::2]] = True
    return judges


def judge(
    similarities: NDArray[np.float32], is_error: NDArray[np.bool_], judges: NDArray[np.bool_], tries: int
) -> HeldOutScore:
    """Choose among K phrases on one half, and measure the chosen one on the other.

    similarities: float32[K, n] of sign * similarity, in the order in which the phrases came: the earliest wins a tie;
    is_error, judges: bool[n]; tries: phrases that the person tried, K or more. Raises NothingToSeparate where a half
    has no wrong or no right image, BadArray for shapes.
    """
    if similarities.ndim != 2 or judges.shape != is_error.shape or similarities.shape[1:] != is_error.shape:
        raise BadArray(f"similarities {similarities.shape}, errors {is_error.shape} and halves {judges.shape} differ")
    n_error = int(is_error[judges].sum())
    n_correct = int(judges.sum()) - n_error
    level = null_level(n_correct, n_error, tries)
    chosen = error_scores(similarities[:, ~judges], is_error[~judges])
    best = int(np.argmax(chosen.value)) if len(chosen) else None
    if best is None or np.isnan(chosen.threshold[best]):
        return HeldOutScore(None, None, 0.0, level, tries, n_correct, n_error)
    threshold = float(chosen.threshold[best])
    above = similarities[best, judges] > np.float32(threshold)
    wrong = is_error[judges]
    wrong_above, right_above = int((above & wrong).sum()), int((above & ~wrong).sum())
    value = (wrong_above * n_correct - right_above * n_error) / (n_correct * n_error)
    return HeldOutScore(best, threshold, value, level, tries, n_correct, n_error)
