"""Keywords from captions, ranked by how well they name a class's errors: Bias-to-Text (Kim et al., 2023) and ours.

Similarities are cosines of images and "a photo of a {keyword}" or another template; is_error says which of the class's
images are classified wrongly. See docs/methods.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_booleans, check_count, check_one_length
from modeling.arrays.common.modeling_errors import BadArray
from modeling.arrays.phrases.error_score import ErrorScore, advantages, ends_of_ties, error_scores, separable


@dataclass(frozen=True)
class RankedKeyword:
    """One row of a ranking.

    clip_score: 100 × (mean similarity of wrong images - mean of correct ones).
    n_captioned: images whose caption has the keyword; None without captions.
    subgroup_accuracy: the share of these that are right, in [0, 1]; None where there are none.
    error_score: with its p-value for this keyword by itself.
    p_of_list: the probability that the best keyword of the whole list scores at least this with the labels permuted.
    """

    keyword: str
    clip_score: float
    n_captioned: int | None
    subgroup_accuracy: float | None
    error_score: ErrorScore
    p_of_list: float


def rank_keywords(
    keywords: Sequence[str],
    similarities: NDArray[np.floating],
    is_error: NDArray[np.bool_],
    captions: Sequence[str] | None,
    rng: np.random.Generator,
    permutations: int = 1_000,
) -> tuple[RankedKeyword, ...]:
    """Measure each keyword on the images of one class; the highest error score first, the earliest of tied ones.

    keywords: K; similarities: float[K, n], cosines; is_error: bool[n]; captions: n, or None where images have none;
    rng: for the permutations behind `p_of_list`.

    Raises NothingToSeparate where no image or every image is wrong, BadArray.
    """
    scores = error_scores(similarities, is_error)
    if len(keywords) != len(scores):
        raise BadArray(f"there are {len(keywords)} keywords, and similarities to {len(scores)}")
    of_list = p_of_list(scores.value, permuted_maxima(similarities, is_error, rng, permutations))
    by_clip = clip_scores(similarities, is_error)
    rows = []
    for k, keyword in enumerate(keywords):
        n_captioned, accuracy = (None, None) if captions is None else subgroup_accuracy(keyword, captions, is_error)
        rows.append(RankedKeyword(keyword, float(by_clip[k]), n_captioned, accuracy, scores[k], float(of_list[k])))
    return tuple(sorted(rows, key=lambda row: -row.error_score.value))


def clip_scores(similarities: NDArray[np.floating], is_error: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Bias-to-Text's score of each keyword, float64[K]: 100 × (mean similarity on wrong - mean on correct images).

    The paper's equation 3 leaves out the factor that its table 2 has. similarities: float[K, n]; is_error: bool[n] with
    both kinds. Raises NothingToSeparate, BadArray.

    >>> clip_scores(np.array([[0.27, 0.23, 0.20, 0.22, 0.25]]), np.arange(5) < 2).round(4).tolist()
    [2.6667]
    """
    separable(similarities, is_error)
    wrong, correct = (similarities[:, kind].mean(axis=1, dtype=np.float64) for kind in (is_error, ~is_error))
    score: NDArray[np.float64] = 100 * (wrong - correct)
    return score


def subgroup_accuracy(keyword: str, captions: Sequence[str], is_error: NDArray[np.bool_]) -> tuple[int, float | None]:
    """How many of a class's images have the keyword in their caption, and the share of these that are right.

    None where there are none. captions: n, in the order of is_error, bool[n]. Raises BadArray.
    """
    check_booleans(is_error, "is_error")
    if len(captions) != len(is_error):
        raise BadArray(f"there are {len(captions)} captions for {len(is_error)} images")
    for image, caption in enumerate(captions):
        if not isinstance(caption, str):
            raise BadArray(f"the caption of image {image} must be a text, empty where it has none, not {caption!r}")
    captioned = np.array([has_keyword(caption, keyword) for caption in captions], dtype=np.bool_)
    n_captioned = int(captioned.sum())
    return n_captioned, float(1 - is_error[captioned].mean()) if n_captioned else None


def has_keyword(caption: str, keyword: str) -> bool:
    """Whether the caption has the keyword as whole words, in upper or lower case.

    >>> has_keyword("A bird, on the Bamboo.", "bamboo"), has_keyword("two birds", "bird")
    (True, False)
    """
    return re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", caption, re.IGNORECASE) is not None


def permuted_maxima(
    similarities: NDArray[np.floating], is_error: NDArray[np.bool_], rng: np.random.Generator, permutations: int
) -> NDArray[np.float64]:
    """The largest error score of the list, each time that the labels are permuted: float64[permutations].

    similarities: float[K, n]; is_error: bool[n] with both kinds. Each row is sorted once. Raises as `clip_scores` does.
    """
    values, n_correct, n_error = separable(similarities, is_error)
    check_count(permutations, "the number of permutations", least=0)
    order = np.argsort(values, axis=1)
    ends = ends_of_ties(np.take_along_axis(values, order, axis=1))
    maxima = np.empty(permutations, dtype=np.int64)
    for each in range(permutations):
        maxima[each] = advantages(rng.permutation(is_error)[order], ends).max(initial=0)
    return maxima / (n_correct * n_error)


def p_of_list(values: NDArray[np.floating], maxima: NDArray[np.floating]) -> NDArray[np.float64]:
    """For each error score, the share of permuted maxima that reach it; the list as it is counts as one of them.

    values: float[K]; maxima: float[permutations], from `permuted_maxima`. In [1 / (permutations + 1), 1].
    Raises BadArray, also for NaN, which is not above anything.
    """
    for what, scores in (("error scores", values), ("permuted maxima", maxima)):
        if scores.ndim != 1:
            raise BadArray(f"{what} must be a vector, not {scores.shape}")
        nan = np.isnan(scores)
        if nan.any():
            raise BadArray(f"{what} must be numbers, and number {int(np.argmax(nan))} of them is not")
    below = np.searchsorted(np.sort(maxima), values, side="left")
    share: NDArray[np.float64] = (1 + len(maxima) - below) / (1 + len(maxima))
    return share


def select_classes(
    accuracies: NDArray[np.floating],
    best_scores: NDArray[np.floating],
    least: float = 0.2,
    most: float = 0.8,
    count: int = 100,
) -> NDArray[np.int64]:
    """The classes to annotate among many, in order: those with the largest error score that a keyword reaches.

    accuracies: float[C], of the base model; only classes within [least, most] have enough of both kinds of images.
    best_scores: float[C], the largest error score over a class's keywords. Ties go by class id; at most `count`.
    Returns class ids. Raises BadArray.
    """
    check_one_length(accuracies=accuracies, best_scores=best_scores)
    check_count(count, "the number of classes")
    eligible = np.flatnonzero((accuracies >= least) & (accuracies <= most))
    if np.isnan(best_scores[eligible]).any():
        raise BadArray("the best score of a class within the bounds is not a number")
    return eligible[np.argsort(-best_scores[eligible], kind="stable")][:count].astype(np.int64)
