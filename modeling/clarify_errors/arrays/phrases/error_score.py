"""Error score of a phrase: how well image-text similarity predicts a classifier's errors (paper, section 4.1).

For similarities s of one class's images, split into correct and wrong predictions, and the rule "error iff s > t",

    J = max(0, max_t [F_correct(t) - F_error(t)])

with right-continuous distribution functions F. This is 2 × (best class-balanced accuracy - 1/2) over all thresholds t,
Youden's J, and the one-sided two-sample Kolmogorov-Smirnov statistic. `null_level` has the scores of unrelated phrases.
See docs/analysts/methods.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_booleans, finite_float32
from clarify_errors.arrays.common.modeling_errors import BadArray, NothingToSeparate
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.phrases.null_level import null_level, null_mean, p_method, p_value, p_values

__all__ = ["ErrorScore", "ErrorScores", "error_score", "error_scores", "null_level", "null_mean"]

CHUNK = 2**14  # similarities to sort at once, so that intermediate arrays stay in a core's cache


@dataclass(frozen=True)
class ErrorScore:
    """Error score of one phrase, from `error_score`.

    Attributes
    ----------
    value : float
        J in [0, 1]; 0 if errors are nowhere more similar to the phrase than correct images.
    threshold : float or None
        τ, a float32 value held as a float. An image is above it iff similarity > τ. None if `value` is 0.
    two_sided : float
        Largest absolute value of F_correct(t) - F_error(t) over all t, in [value, 1]. It also counts phrases that
        describe the correct images.
    two_sided_threshold : float or None
        Threshold of the two-sided value; None if that is 0.
    n_correct, n_error : int
        Images that are classified correctly and wrongly.
    """

    value: float
    threshold: float | None
    two_sided: float
    two_sided_threshold: float | None
    n_correct: int
    n_error: int

    @property
    def p_value(self) -> float:
        """Return the one-sided probability that an unrelated phrase scores `value`."""
        return p_value(self.value, self.n_correct, self.n_error)

    @property
    def p_method(self) -> str:
        """Return how the p-value is computed: `exact` or `asymptotic`."""
        return p_method(self.n_correct, self.n_error)


@dataclass(frozen=True)
class ErrorScores:
    """Error scores of K phrases: the fields of `ErrorScore` as arrays.

    Attributes
    ----------
    value, two_sided : float64 ndarray of shape (K,)
        In [0, 1].
    threshold, two_sided_threshold : float64 ndarray of shape (K,)
        float32 values; NaN if there is no threshold.
    n_correct, n_error : int64 ndarray of shape (K,)
        The same for each phrase.
    """

    value: NDArray[np.float64]
    threshold: NDArray[np.float64]
    two_sided: NDArray[np.float64]
    two_sided_threshold: NDArray[np.float64]
    n_correct: NDArray[np.int64]
    n_error: NDArray[np.int64]

    @property
    def p_value(self) -> NDArray[np.float64]:
        """Return each phrase's own p-value, float64[K]; for the best use `null_level`."""
        if not len(self.value):
            return np.empty(0)
        return p_values(self.value, int(self.n_correct[0]), int(self.n_error[0]))

    def __len__(self) -> int:
        return len(self.value)

    def __getitem__(self, phrase: int) -> ErrorScore:
        """The score of one phrase."""
        return ErrorScore(
            value=float(self.value[phrase]),
            threshold=_none_for_nan(self.threshold[phrase]),
            two_sided=float(self.two_sided[phrase]),
            two_sided_threshold=_none_for_nan(self.two_sided_threshold[phrase]),
            n_correct=int(self.n_correct[phrase]),
            n_error=int(self.n_error[phrase]),
        )


def error_score(similarities: NDArray[np.floating], is_error: NDArray[np.bool_]) -> ErrorScore:
    """Score a phrase on the evaluation images of one class.

    Parameters
    ----------
    similarities : float ndarray of shape (n,)
        Similarity of each image to the phrase. Any scale; compared in float32.
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong.

    Returns
    -------
    ErrorScore

    Raises
    ------
    NothingToSeparate
        If no image is wrong, or every image is.
    BadArray
        If a shape or type is wrong, or a similarity is not finite in float32.

    Examples
    --------
    >>> error_score(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), np.array([False, False, False, True, True])).value
    1.0
    """
    return error_scores(*_as_row(similarities, is_error))[0]


def error_scores(similarities: NDArray[np.floating], is_error: NDArray[np.bool_]) -> ErrorScores:
    """Score K phrases on the same images.

    Parameters
    ----------
    similarities : float ndarray of shape (K, n)
        Row k has the similarity of each image to phrase k. Any scale; compared in float32.
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong.

    Returns
    -------
    ErrorScores
        Entry k is what `error_score` returns for row k.

    Raises
    ------
    NothingToSeparate
        If no image is wrong, or every image is.
    BadArray
        If a shape or type is wrong, or a similarity is not finite in float32; the message names phrase and image.

    Examples
    --------
    >>> error_scores(np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1]]), np.array([False, True, True])).value.tolist()
    [1.0, 0.0]
    """
    values, n_correct, n_error = separable(similarities, is_error)
    at_once = max(1, CHUNK // len(is_error))
    chunks = []
    for start in range(0, len(values), at_once):
        chunks.append(_scores(values[start : start + at_once], is_error))
        step_done()
    one_sided, threshold, two_sided, two_sided_threshold = np.concatenate([np.empty((4, 0)), *chunks], axis=1)
    return ErrorScores(
        value=one_sided,
        threshold=threshold,
        two_sided=two_sided,
        two_sided_threshold=two_sided_threshold,
        n_correct=np.full(len(values), n_correct),
        n_error=np.full(len(values), n_error),
    )


def separable(similarities: NDArray[np.floating], is_error: NDArray[np.bool_]) -> tuple[NDArray[np.float32], int, int]:
    """Check the arguments of `error_scores`, and count correct and wrong images.

    Parameters
    ----------
    similarities : float ndarray of shape (K, n)
    is_error : bool ndarray of shape (n,)

    Returns
    -------
    values : float32 ndarray of shape (K, n)
        The similarities; -0.0 becomes +0.0.
    n_correct, n_error : int
        Both at least 1.

    Raises
    ------
    NothingToSeparate
        If no image is wrong, or every image is.
    BadArray
        If a shape or type is wrong, or a similarity is not finite in float32.
    """
    values = _checked(similarities, is_error)
    n_error = int(is_error.sum())
    n_correct = len(is_error) - n_error
    if n_error == 0 or n_correct == 0:
        raise NothingToSeparate(n_correct, n_error)
    return values, n_correct, n_error


def _scores(values: NDArray[np.float32], wrong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return value, threshold, two-sided value and its threshold of each phrase, [4, K]."""
    ordered, ordered_wrong = _sorted(values, wrong)
    advantage = advantages(ordered_wrong, ends_of_ties(ordered))
    n_error = int(wrong.sum())
    scale = n_error * (len(wrong) - n_error)
    both = []
    for of_interest in (advantage, np.abs(advantage)):
        largest = of_interest.max(axis=1)
        both += [largest / scale, _thresholds(ordered, of_interest, largest)]
    return np.stack(both)


def _sorted(values: NDArray[np.float32], wrong: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Sort each row in ascending order, and say which of its images are wrong: float32[K, n] and bool[K, n].

    One sort of integers does both. Each holds the bits of a float32 in an order-preserving form (negative numbers
    inverted, others with the first bit set) and, below them, the bit that says whether the image is wrong.
    """
    bits = values.view(np.uint32)
    keys = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)).astype(np.uint64) << np.uint64(1)
    keys |= wrong
    keys.sort(axis=1)
    ordered = (keys >> np.uint64(1)).astype(np.uint32)
    floats = np.where(ordered >> 31, ordered ^ np.uint32(1 << 31), ~ordered).view(np.float32)
    return floats, (keys & np.uint64(1)).astype(np.bool_)


def ends_of_ties(ordered: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark the last similarity of each block of equal ones.

    Parameters
    ----------
    ordered : float32 ndarray of shape (K, n)
        Each row in ascending order.

    Returns
    -------
    bool ndarray of shape (K, n)
        True for the last of a block of ties, and for a similarity without ties.
    """
    ends: NDArray[np.bool_] = np.ones(ordered.shape, dtype=np.bool_)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=ends[:, :-1])
    return ends


def advantages(wrong: NDArray[np.bool_], ends: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Compute (F_correct - F_error) · n_correct · n_error at each similarity, exactly.

    Parameters
    ----------
    wrong : bool ndarray of shape (K, n)
        Whether each image is classified wrongly, by ascending similarity. Each row has the same images.
    ends : bool ndarray of shape (K, n)
        From `ends_of_ties`.

    Returns
    -------
    int64 ndarray of shape (K, n)
        The value at the last of a block of ties counts the whole block as below; the others are 0.
    """
    n, n_error = wrong.shape[1], np.count_nonzero(wrong[:1])
    # Work in place: allocation costs more than the sums. A correct image adds n_error; a wrong one subtracts n_correct.
    advantage: NDArray[np.int64] = np.multiply(wrong, -n, dtype=np.int64)
    advantage += n_error
    np.cumsum(advantage, axis=1, out=advantage)
    advantage *= ends
    return advantage


def _thresholds(
    ordered: NDArray[np.float32], advantage: NDArray[np.int64], largest: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return τ at each row's largest advantage; NaN if that is not > 0.

    Among tied maxima the more even split wins, then the smaller τ. The last similarity, with every image below it, has
    advantage 0, so a next similarity always exists.
    """
    n = ordered.shape[1]
    n_below = np.arange(1, n + 1)
    smaller_side = np.where(advantage == largest[:, None], np.minimum(n_below, n - n_below), -1)
    best = np.argmax(smaller_side, axis=1)
    rows = np.arange(len(ordered))
    above = np.minimum(best + 1, n - 1)
    return np.where(largest > 0, _between(ordered[rows, best], ordered[rows, above]), np.nan)


def _between(lower: NDArray[np.float32], upper: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the float32 midpoint, or `lower` if that rounds up to `upper`, so that `> τ` still separates the two."""
    midpoint = ((lower.astype(np.float64) + upper) / 2).astype(np.float32)
    return np.where(midpoint >= upper, lower, midpoint).astype(np.float64)


def _none_for_nan(threshold: np.float64) -> float | None:
    return None if np.isnan(threshold) else float(threshold)


def _as_row(
    similarities: NDArray[np.floating], is_error: NDArray[np.bool_]
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    if similarities.ndim != 1 or similarities.shape != is_error.shape:
        raise BadArray(
            f"similarities {similarities.shape} and is_error {is_error.shape} must be vectors of the same length"
        )
    return similarities[None], is_error


def _checked(similarities: NDArray[np.floating], is_error: NDArray[np.bool_]) -> NDArray[np.float32]:
    if similarities.ndim != 2 or is_error.ndim != 1 or similarities.shape[1:] != is_error.shape:
        raise BadArray(
            f"similarities {similarities.shape} and is_error {is_error.shape} must have shapes (K, n) and (n,)"
        )
    check_booleans(is_error, "is_error")
    return np.ascontiguousarray(finite_float32(similarities))
