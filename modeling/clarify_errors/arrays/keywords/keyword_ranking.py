"""Keywords ranked by how well they name a class's errors (Bias-to-Text, Kim et al. 2023, and the error score).

Similarities are cosines of images and "a photo of a {keyword}" or another template. `is_error` says which of the
class's images are classified wrongly. See docs/analysts/methods.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_booleans, check_count, check_one_length
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.common.steps import step_done
from clarify_errors.arrays.phrases.error_score import ErrorScore, advantages, ends_of_ties, error_scores, separable
from clarify_errors.arrays.phrases.vocabulary_level import QUANTILE


@dataclass(frozen=True)
class RankedKeyword:
    """One row of a ranking.

    Attributes
    ----------
    keyword : str
    clip_score : float
        100 × (mean similarity of wrong images - mean of correct ones).
    n_captioned : int or None
        Images whose caption has the keyword; None without captions.
    subgroup_accuracy : float or None
        Share of these that are right, in [0, 1]; None if there are none.
    error_score : ErrorScore
        Its p-value is that of this keyword by itself.
    adjusted_p : float
        Probability that the best keyword of the whole list scores at least this if the labels are permuted. It is a
        p-value only of words that were chosen without these labels.
    null_level : float
        What the best keyword of the whole list stays at or below with a probability of 0.95 if the labels are permuted:
        `adjusted_p` is at most 0.05 where the error score is above it. The same for every row.
    """

    keyword: str
    clip_score: float
    n_captioned: int | None
    subgroup_accuracy: float | None
    error_score: ErrorScore
    adjusted_p: float
    null_level: float


def rank_keywords(
    keywords: Sequence[str],
    similarities: NDArray[np.floating],
    is_error: NDArray[np.bool_],
    captions: Sequence[str] | None,
    rng: np.random.Generator,
    permutations: int = 1_000,
) -> tuple[RankedKeyword, ...]:
    """Score keywords on the images of one class, and sort them by error score.

    Parameters
    ----------
    keywords : sequence of K str
        The earliest wins a tie.
    similarities : float ndarray of shape (K, n)
        Cosines.
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong.
    captions : sequence of n str, or None
        None if the images have no captions.
    rng : numpy.random.Generator
        For the permutations behind `adjusted_p` and `null_level`.
    permutations : int, default 1000

    Returns
    -------
    tuple of K RankedKeyword
        In descending order of the error score.

    Raises
    ------
    NothingToSeparate
        If no image is wrong, or every image is.
    BadArray
        If lengths, types or values are invalid.
    """
    scores = error_scores(similarities, is_error)
    if len(keywords) != len(scores):
        raise BadArray(f"there are {len(keywords)} keywords but similarities to {len(scores)}")
    maxima = permuted_maxima(similarities, is_error, rng, permutations)
    of_list = adjusted_p(scores.value, maxima)
    # The observed order counts as one permutation there, so it does here.
    level = float(np.quantile(np.append(maxima, 1.0), QUANTILE, method="inverted_cdf"))
    by_clip = clip_scores(similarities, is_error)
    rows = []
    for k, keyword in enumerate(keywords):
        n_captioned, accuracy = (None, None) if captions is None else subgroup_accuracy(keyword, captions, is_error)
        by_words = (float(by_clip[k]), n_captioned, accuracy)
        rows.append(RankedKeyword(keyword, *by_words, scores[k], float(of_list[k]), level))
    return tuple(sorted(rows, key=lambda row: -row.error_score.value))


def clip_scores(similarities: NDArray[np.floating], is_error: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute Bias-to-Text's CLIP score of each keyword.

    Parameters
    ----------
    similarities : float ndarray of shape (K, n)
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong; at least one True and one False.

    Returns
    -------
    float64 ndarray of shape (K,)
        100 × (mean similarity of wrong images - mean of correct ones). Equation 3 of the paper leaves out the factor
        that its table 2 has.

    Raises
    ------
    NothingToSeparate
        If no image is wrong, or every image is.
    BadArray
        If shapes, types or values are invalid.

    Examples
    --------
    >>> clip_scores(np.array([[0.27, 0.23, 0.20, 0.22, 0.25]]), np.arange(5) < 2).round(4).tolist()
    [2.6667]
    """
    separable(similarities, is_error)
    wrong, correct = (similarities[:, kind].mean(axis=1, dtype=np.float64) for kind in (is_error, ~is_error))
    score: NDArray[np.float64] = 100 * (wrong - correct)
    return score


def subgroup_accuracy(keyword: str, captions: Sequence[str], is_error: NDArray[np.bool_]) -> tuple[int, float | None]:
    """Compute the accuracy on the images whose caption has the keyword.

    Parameters
    ----------
    keyword : str
    captions : sequence of n str
    is_error : bool ndarray of shape (n,)
        In the order of `captions`.

    Returns
    -------
    n_captioned : int
        Images whose caption has the keyword.
    accuracy : float or None
        Share of these that are right, in [0, 1]; None if there are none.

    Raises
    ------
    BadArray
        If types or lengths do not fit.
    """
    check_booleans(is_error, "is_error")
    if len(captions) != len(is_error):
        raise BadArray(f"there are {len(captions)} captions for {len(is_error)} images")
    for image, caption in enumerate(captions):
        if not isinstance(caption, str):
            raise BadArray(f"the caption of image {image} must be a str (empty if it has none), not {caption!r}")
    captioned = np.array([has_keyword(caption, keyword) for caption in captions], dtype=np.bool_)
    n_captioned = int(captioned.sum())
    return n_captioned, float(1 - is_error[captioned].mean()) if n_captioned else None


def has_keyword(caption: str, keyword: str) -> bool:
    """Return whether the caption has the keyword as whole words, in any case.

    Parameters
    ----------
    caption, keyword : str

    Returns
    -------
    bool

    Examples
    --------
    >>> has_keyword("A bird, on the Bamboo.", "bamboo"), has_keyword("two birds", "bird")
    (True, False)
    """
    return re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", caption, re.IGNORECASE) is not None


def permuted_maxima(
    similarities: NDArray[np.floating], is_error: NDArray[np.bool_], rng: np.random.Generator, permutations: int
) -> NDArray[np.float64]:
    """Compute the largest error score of the list per permutation of the labels.

    Parameters
    ----------
    similarities : float ndarray of shape (K, n)
        Each row is sorted once.
    is_error : bool ndarray of shape (n,)
        At least one True and one False.
    rng : numpy.random.Generator
    permutations : int
        Number of permutations, ≥ 0.

    Returns
    -------
    float64 ndarray of shape (permutations,)
        In [0, 1].

    Raises
    ------
    NothingToSeparate
        If no image is wrong, or every image is.
    BadArray
        If shapes, types or values are invalid.
    """
    values, n_correct, n_error = separable(similarities, is_error)
    check_count(permutations, "the number of permutations", least=0)
    order = np.argsort(values, axis=1)
    ends = ends_of_ties(np.take_along_axis(values, order, axis=1))
    maxima = np.empty(permutations, dtype=np.int64)
    for each in range(permutations):
        maxima[each] = advantages(rng.permutation(is_error)[order], ends).max(initial=0)
        step_done()
    return maxima / (n_correct * n_error)


def adjusted_p(values: NDArray[np.floating], maxima: NDArray[np.floating]) -> NDArray[np.float64]:
    """Compute the share of permuted maxima that reach each error score.

    Parameters
    ----------
    values : float ndarray of shape (K,)
        Error scores.
    maxima : float ndarray of shape (permutations,)
        From `permuted_maxima`.

    Returns
    -------
    float64 ndarray of shape (K,)
        In [1 / (permutations + 1), 1]: the observed order counts as one permutation.

    Raises
    ------
    BadArray
        If an argument is not a vector or has a NaN.
    """
    for what, scores in (("error scores", values), ("permuted maxima", maxima)):
        if scores.ndim != 1:
            raise BadArray(f"{what} must be a vector, not {scores.shape}")
        nan = np.isnan(scores)
        if nan.any():
            raise BadArray(f"{what} must be numbers, but number {int(np.argmax(nan))} of them is NaN")
    below = np.searchsorted(np.sort(maxima), values, side="left")
    return (1 + len(maxima) - below) / (1 + len(maxima))


def select_classes(
    accuracies: NDArray[np.floating],
    best_scores: NDArray[np.floating],
    null_levels: NDArray[np.floating],
    least: float = 0.2,
    most: float = 0.8,
    count: int = 100,
) -> NDArray[np.int64]:
    """Select the classes to annotate, by best error score over null level.

    The raw maximum favours classes with few errors, which chance fits more easily. So it is divided by the null level,
    which is higher for these. With as many keywords a class, that is nearly the order of p.

    Parameters
    ----------
    accuracies : float ndarray of shape (C,)
        Of the base model, per class.
    best_scores : float ndarray of shape (C,)
        Largest error score over a class's keywords.
    null_levels : float ndarray of shape (C,)
        `null_level` of each class's list, above 0.
    least, most : float, default 0.2 and 0.8
        Only classes with an accuracy in [least, most] have enough images of both kinds.
    count : int, default 100
        Largest number of classes, ≥ 1.

    Returns
    -------
    int64 ndarray of shape (m,)
        Class ids by descending score / null level, m ≤ count; the lower id wins a tie.

    Raises
    ------
    BadArray
        If lengths differ, `count` is below 1, or an eligible class has a NaN.
    """
    check_one_length(accuracies=accuracies, best_scores=best_scores, null_levels=null_levels)
    check_count(count, "the number of classes")
    eligible = np.flatnonzero((accuracies >= least) & (accuracies <= most))
    beyond = best_scores[eligible] / null_levels[eligible]
    if np.isnan(beyond).any():
        raise BadArray("the best keyword of a class with an accuracy within the bounds has a NaN")
    return eligible[np.argsort(-beyond, kind="stable")][:count].astype(np.int64)
