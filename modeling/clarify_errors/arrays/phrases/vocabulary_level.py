"""Error scores of common words on one class: what people reach who type any word without looking.

`null_level` assumes words that are *unrelated to the errors*. Real words never quite are, and even gibberish has an
embedding. Therefore the error scores of a whole vocabulary are computed as well. Their 95% quantile is the vocabulary
level of **one** word. See docs/analysts/methods.md.
"""

from bisect import bisect_left
from functools import partial
from math import comb

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_count
from clarify_errors.arrays.common.modeling_errors import BadArray
from clarify_errors.arrays.embeddings.similarity import similarities
from clarify_errors.arrays.phrases.error_score import error_scores

QUANTILE = 0.95
MIN_IMAGES = 10  # errors, and correct images: with fewer, a score has too few values
MIN_DISTINCT = 500  # of the common words; an encoder that tells fewer apart hardly knows them
SAME = 1e-5  # an encoder's rounding depends on the batch, so a component of equal embeddings differs by less than this
_AT_ONCE = 256  # words whose similarities are in memory together


def is_telling(n_correct: int, n_error: int) -> bool:
    """Return whether a class has enough images for a vocabulary level.

    Parameters
    ----------
    n_correct, n_error : int
        Images that are classified correctly and wrongly.

    Returns
    -------
    bool
        False with fewer than 10 of either: too few to tell.
    """
    return min(n_correct, n_error) >= MIN_IMAGES


def count_distinct(embeddings: NDArray[np.float32]) -> int:
    """Count the words that an encoder tells apart.

    Parameters
    ----------
    embeddings : float32 ndarray of shape (V, d)
        Unit rows. Two are equal if no component differs by more than 1e-5.

    Returns
    -------
    int

    Examples
    --------
    >>> count_distinct(np.array([[0, 1], [1, 0], [0, 1]], dtype=np.float32))
    2
    """
    ordered = embeddings[np.argsort(embeddings[:, 0], kind="stable")]  # equal ones come one after the other
    return min(len(ordered), 1) + int((np.abs(np.diff(ordered, axis=0)).max(axis=1, initial=0) > SAME).sum())


def vocabulary_scores(
    images: NDArray[np.float32], is_error: NDArray[np.bool_], words: NDArray[np.float32], sign: int = 1
) -> NDArray[np.float64]:
    """Compute the error score of each word on the images of one class.

    Parameters
    ----------
    images : float32 ndarray of shape (n, d)
        Unit rows.
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong.
    words : float32 ndarray of shape (M, d)
        Unit rows: the words' text embeddings.
    sign : {1, -1}
        -1 for the score of "no …".

    Returns
    -------
    float64 ndarray of shape (M,)
        In [0, 1].

    Raises
    ------
    NothingToSeparate
        If no image is wrong, or every image is.
    BadArray
        If a shape or type is wrong, or a similarity is not finite.
    """
    parts = (words[start : start + _AT_ONCE] for start in range(0, len(words), _AT_ONCE))
    values = [
        error_scores(sign * np.stack([similarities(images, word) for word in part]), is_error).value for part in parts
    ]
    return np.concatenate([np.empty(0), *values])


def vocabulary_level(scores: NDArray[np.float64], tries: int = 1, quantile: float = QUANTILE) -> float:
    """Compute the score that the best of some words of a vocabulary rarely exceeds.

    Parameters
    ----------
    scores : float64 ndarray of shape (M,)
        Error scores of the words, from `vocabulary_scores`.
    tries : int, default 1
        Number of distinct words that a person draws, at most M. **A phrase is judged by the level of one word.**
    quantile : float, default 0.95
        Probability that their best scores at most the level, in (0, 1).

    Returns
    -------
    float
        The smallest of the scores that the best of these words does not exceed with this probability.

    Raises
    ------
    BadArray
        If there are no scores, or an argument is out of range.

    Examples
    --------
    >>> vocabulary_level(np.arange(20) / 20)
    0.9
    """
    if not 1 <= tries <= len(scores) or not 0 < quantile < 1:
        raise BadArray(f"a level needs 1 to {len(scores)} tries and a quantile in (0, 1), not {tries} and {quantile}")
    ordered = np.sort(scores)
    stay = partial(_stay, len(ordered), tries)
    return float(ordered[bisect_left(range(len(ordered)), quantile, key=lambda place: stay(place + 1))])


def chance_to_pass(scores: NDArray[np.float64], level: float, tries: int) -> float:
    """Compute the probability that the best of some words passes a level.

    Parameters
    ----------
    scores : float64 ndarray of shape (M,)
        Error scores of the words, from `vocabulary_scores`.
    level : float
        Strictly above it counts as passing.
    tries : int
        Distinct words that somebody draws, k >= 1.

    Returns
    -------
    float
        1 - C(m, k) / C(M, k), m being the words at or below the level; 1 for more tries than words.

    Raises
    ------
    BadArray
        If `tries` is not a whole number of at least 1.

    Examples
    --------
    >>> chance_to_pass(np.array([0.1, 0.2, 0.3, 0.4]), level=0.3, tries=2)
    0.5
    """
    check_count(tries, "the number of tries")
    return 1.0 if tries > len(scores) else 1 - _stay(len(scores), tries, int((scores <= level).sum()))


def _stay(n: int, tries: int, at_or_below: int) -> float:
    """P(the best of `tries` of n words is one of those at or below), drawn without replacement."""
    return comb(at_or_below, tries) / comb(n, tries)
