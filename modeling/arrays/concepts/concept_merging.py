"""Phrases merged into concepts.

Two phrases are one concept if they have the same words, or select nearly the same images of their class: agreement of
their hard slices (images above the similarity threshold) by Cohen's kappa, which two large random slices do not reach
by chance as they would a plain overlap. See docs/methods.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modeling.arrays.common.array_checks import check_members
from modeling.arrays.common.modeling_errors import BadArray

LEAST_AGREEMENT = 0.6  # kappa from which on agreement is called substantial (Landis and Koch 1977)


def agreement(members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return Cohen's kappa of each pair of hard slices: float64[K, K] in [-1, 1]; 1 on the diagonal.

    members: bool[K, n], whether each image is above the threshold of each phrase. A slice of no image, or of all of
    them, says nothing: its kappa with any other is 0.
    """
    check_members(members)
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
    check_members(members)
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
