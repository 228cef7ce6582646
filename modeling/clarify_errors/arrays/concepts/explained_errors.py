"""How much the best concepts of a class explain together: chosen on one half of the images, reported on the other.

Thresholds and each concept's phrase are chosen on the first half too, so that the other half has no part in anything.
Beside it stands what comes of the same procedure where there is nothing to find, or where nobody said anything. See
docs/analysts/statistics.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.concepts.concept_unions import select_greedily, stratified_half, together_by_chance
from clarify_errors.arrays.phrases.error_score import error_scores

SEED = 20230
MAX_TOGETHER = 5  # concepts in a union
MAX_CANDIDATES = 50  # concepts that are chosen from: those with the best scores on the half that chooses
MIN_DRAWS, MAX_DRAWS = 20, 200
_WORK = 20_000_000  # similarities looked at over all draws
_AT_ONCE = 500_000  # numbers of random directions, or of their similarities


@dataclass(frozen=True)
class Explained:
    """The error scores of unions of 1, 2, ... concepts.

    Attributes
    ----------
    chosen : tuple of int
        Numbers of the concepts, in the order in which they were taken.
    annotations : tuple of int
        For each of these, the row of the annotation whose slice is in the union: its best on the half that chose.
    learned, held_out : tuple of float
        Scores in [0, 1] on the half that chose, and on the other one.
    shuffled : float64 ndarray of shape (draws, len(chosen))
        Held-out scores where errors are shuffled.
    splits : float64 ndarray of shape (splits, len(chosen))
        Held-out scores where other halves choose, of as many concepts.
    random : float64 ndarray of shape (draws, len(chosen))
        Held-out scores of random directions in place of phrases; no draws without images.
    """

    chosen: tuple[int, ...]
    annotations: tuple[int, ...]
    learned: tuple[float, ...]
    held_out: tuple[float, ...]
    shuffled: NDArray[np.float64]
    splits: NDArray[np.float64]
    random: NDArray[np.float64]


def explain(
    similarities: NDArray[np.float32],
    numbers: Sequence[int],
    is_error: NDArray[np.bool_],
    images: NDArray[np.float32] | None = None,
    seed: int = SEED,
) -> Explained:
    """Choose on one half and report on the other.

    Parameters
    ----------
    similarities : float32 ndarray of shape (K, n)
        Sign times similarity of each annotation to each image of the class.
    numbers : sequence of K int
        The concept of each annotation.
    is_error : bool ndarray of shape (n,)
        True where the prediction is wrong.
    images : float32 ndarray of shape (n, d), optional
        Unit embeddings, for random directions; None draws none.
    seed : int, default SEED
        Of all draws: the same input gives the same result.

    Returns
    -------
    Explained

    Raises
    ------
    NothingToSeparate
        If a half of the images lacks right or wrong ones.
    """
    rng = np.random.default_rng(seed)
    learn = stratified_half(is_error, rng)
    members, best = _candidates(similarities, np.asarray(numbers), is_error, learn)
    found = select_greedily(members[None], is_error[None], learn, MAX_TOGETHER)
    chosen = found.chosen[0][found.chosen[0] >= 0]
    most = len(chosen)
    return Explained(
        chosen=tuple(np.asarray(numbers)[best[chosen]].tolist()),
        annotations=tuple(best[chosen].tolist()),
        learned=tuple(found.learned[0, :most].tolist()),
        held_out=tuple(found.held_out[0, :most].tolist()),
        shuffled=together_by_chance(members, is_error, learn, most, rng, _draws(members.size)),
        splits=_over_splits(similarities, np.asarray(numbers), is_error, most, rng),
        random=_of_random_directions(images, is_error, learn, len(members), most, rng),
    )


def _draws(numbers: int) -> int:
    """How often the procedure is repeated where it looks at so many numbers each time."""
    return int(np.clip(_WORK // max(numbers, 1), MIN_DRAWS, MAX_DRAWS))


def _over_splits(
    similarities: NDArray[np.float32],
    numbers: NDArray[np.int64],
    is_error: NDArray[np.bool_],
    most: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """The held-out scores of 1, ... most concepts where each of many random halves chooses: float64[splits, most].

    Where a half chooses fewer, more add nothing.
    """
    found = np.zeros((_draws(similarities.size), most))
    for row in found:
        learn = stratified_half(is_error, rng)
        members, _ = _candidates(similarities, numbers, is_error, learn)
        row[:] = select_greedily(members[None], is_error[None], learn, most).held_out[0]
    return found


def _candidates(
    similarities: NDArray[np.float32], numbers: NDArray[np.int64], is_error: NDArray[np.bool_], learn: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The hard slice of each concept's best annotation on the half that chooses, bool[k, n], and its row."""
    scores = error_scores(similarities[:, learn], is_error[learn])
    order = np.lexsort((np.arange(len(numbers)), -scores.value))  # the first of tied ones comes first
    order = order[scores.value[order] > 0]
    _, first = np.unique(numbers[order], return_index=True)
    best = order[np.sort(first)][:MAX_CANDIDATES]
    return similarities[best] > scores.threshold[best, None].astype(np.float32), best


def _of_random_directions(
    images: NDArray[np.float32] | None,
    is_error: NDArray[np.bool_],
    learn: NDArray[np.bool_],
    k: int,
    most: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """What `select_greedily` reports for k random directions in place of concepts: float64[draws, most]."""
    draws = 0 if images is None else _draws(k * len(is_error))
    if images is None or not k:
        return np.zeros((draws, most))
    at_once = max(1, _AT_ONCE // (k * max(images.shape)))
    parts = []
    for start in range(0, draws, at_once):
        n = min(at_once, draws - start)
        directions = rng.standard_normal((n, k, images.shape[1]), dtype=np.float32)
        similarities = directions @ images.T  # their lengths do not matter: thresholds go with them
        scores = error_scores(similarities[:, :, learn].reshape(n * k, -1), is_error[learn])
        thresholds = scores.threshold.reshape(n, k, 1).astype(np.float32)  # not a number: nothing is above
        order = np.argsort(-scores.value.reshape(n, k), axis=1, kind="stable")  # the first of tied ones comes first
        members = np.take_along_axis(similarities > thresholds, order[:, :, None], axis=1)
        parts.append(select_greedily(members, np.tile(is_error, (n, 1)), learn, most).held_out)
    return np.concatenate(parts)
