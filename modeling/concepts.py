"""What many phrases say together: phrases merged into concepts, and how much the best concepts explain.

Two phrases are one concept if they have the same words, or select nearly the same images of their class: agreement of
their hard slices (images above the similarity threshold) by Cohen's kappa, which two large random slices do not reach
by chance as they would a plain overlap. See docs/methods.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modeling.checks import check_booleans, check_finite_rows, check_one_length
from modeling.errors import BadArray, NothingToSeparate

LEAST_AGREEMENT = 0.6  # kappa from which on agreement is called substantial (Landis and Koch 1977)


@dataclass(frozen=True)
class Together:
    """The error score of the union of hard slices, one entry for each concept more.

    chosen: numbers of the concepts, in the order in which they were taken. learned: on the half of the images by which
    they were chosen; held_out: on the other half, which alone is fit to be reported. Both in [0, 1].
    """

    chosen: tuple[int, ...]
    learned: tuple[float, ...]
    held_out: tuple[float, ...]


def agreement(members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return Cohen's kappa of each pair of hard slices: float64[K, K] in [-1, 1]; 1 on the diagonal.

    members: bool[K, n], whether each image is above the threshold of each phrase. A slice of no image, or of all of
    them, says nothing: its kappa with any other is 0.
    """
    _check_members(members)
    n = members.shape[1]
    inside = members.astype(np.float64)
    sizes = inside.sum(axis=1)
    both = inside @ inside.T
    observed = (n - sizes[:, None] - sizes[None, :] + 2 * both) / n
    expected = (sizes[:, None] * sizes[None, :] + (n - sizes)[:, None] * (n - sizes)[None, :]) / n**2
    telling = (sizes > 0) & (sizes < n)
    pairs = telling[:, None] & telling[None, :]
    kappa = np.where(pairs, (observed - expected) / np.where(pairs, 1 - expected, 1.0), 0.0)
    np.fill_diagonal(kappa, 1.0)
    return kappa


def merge(
    members: NDArray[np.bool_], words: Sequence[str], least_agreement: float = LEAST_AGREEMENT
) -> NDArray[np.int64]:
    """Return the concept of each phrase, int64[K], numbered from 0 by the first phrase of each.

    members: bool[K, n] of the images of one class. words: K texts that are equal where two phrases have the same words.
    Phrases with the same words are together; then the two groups that agree most, on average over their pairs of
    phrases, are joined while that is at least `least_agreement` (average linkage). The partition does not depend on the
    order of the phrases, ties apart. Takes K² in memory and time.
    """
    _check_members(members)
    if len(words) != len(members):
        raise BadArray(f"there are {len(words)} words for {len(members)} phrases")
    _, group = np.unique(np.asarray(words, dtype=np.str_), return_inverse=True)
    if not len(group):
        return np.empty(0, np.int64)
    # The sum over pairs of phrases, so that a group of many phrases with the same words weighs as many.
    indicator = np.zeros((group.max() + 1, len(group)))
    indicator[group, np.arange(len(group))] = 1
    pair_sums, sizes = indicator @ agreement(members) @ indicator.T, indicator.sum(axis=1)
    joined = _average_linkage(pair_sums, sizes, least_agreement)
    return _by_first(joined[group])


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


def phrase_map(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return where to draw each phrase: float64[K, 2], the first two principal components of the embeddings.

    embeddings: float[K, d], unit rows. Each axis points to where its largest absolute value is positive, so that the
    same phrases make the same map. Raises BadArray.
    """
    if embeddings.ndim != 2:
        raise BadArray(f"embeddings must be a matrix, not {embeddings.shape}")
    check_finite_rows(embeddings, "embeddings")
    centred = (
        embeddings.astype(np.float64) - embeddings.mean(axis=0, dtype=np.float64) if len(embeddings) else embeddings
    )
    places = np.zeros((len(embeddings), 2))
    if len(embeddings) > 1:
        left, singular, _ = np.linalg.svd(centred, full_matrices=False)
        kept = min(2, len(singular))
        places[:, :kept] = left[:, :kept] * singular[:kept]
    furthest = np.abs(places).argmax(axis=0) if len(places) else np.empty(0, np.int64)
    signs = np.sign(places[furthest, np.arange(2)]) if len(places) else np.ones(2)
    return places * np.where(signs == 0, 1.0, signs)


def _average_linkage(pair_sums: NDArray[np.float64], sizes: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Join the groups that agree most until none agrees by `least`: int64[G], a number for each group.

    A chain of nearest neighbours ends in two that are each other's: these can be joined at once, since what is joined
    never agrees more with a third than the better of the two did.
    """
    sums, sizes = pair_sums.copy(), sizes.copy()
    joined = np.arange(len(sizes))
    alive = np.ones(len(sizes), np.bool_)
    settled = np.zeros(len(sizes), np.bool_)  # agrees with nothing that is left
    chain: list[int] = []
    while True:
        if not chain:
            rest = np.flatnonzero(alive & ~settled)
            if not len(rest):
                return joined
            chain = [int(rest[0])]
        last = chain[-1]
        means = np.where(alive, sums[last] / (sizes[last] * sizes), -np.inf)
        means[last] = -np.inf
        nearest = int(means.argmax())
        if len(chain) > 1 and means[chain[-2]] >= means[nearest]:
            nearest = chain[-2]
        if means[nearest] < least:  # then the one before it in the chain, if any, was nearer: the chain has length 1
            settled[last] = True
            chain.pop()
        elif len(chain) > 1 and nearest == chain[-2]:
            keep, gone = sorted((chain.pop(), chain.pop()))
            sums[keep] += sums[gone]
            sums[:, keep] += sums[:, gone]
            sizes[keep] += sizes[gone]
            alive[gone] = False
            joined[joined == gone] = keep
        else:
            chain.append(nearest)


def _by_first(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number groups from 0 in the order of their first members."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    numbered: NDArray[np.int64] = rank[inverse]
    return numbered


def _check_members(members: NDArray[np.bool_]) -> None:
    if members.ndim != 2 or members.dtype != np.bool_:
        raise BadArray(f"members must be a matrix of booleans, not {members.dtype}{list(members.shape)}")


def _check_fit(members: NDArray[np.bool_], **of_images: NDArray[np.bool_]) -> None:
    """Raise BadArray unless members are bool[K, n], and each of the others bool[n]; these go by their names."""
    _check_members(members)
    for name, values in of_images.items():
        check_booleans(values, name)
    n = check_one_length(**of_images)
    if members.shape[1] != n:
        raise BadArray(f"members {members.shape} do not fit {' and '.join(of_images)} of {n} images")
