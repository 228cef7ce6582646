"""Phrases merged into concepts.

Two phrases are one concept if they have the same words, or if they select nearly the same images of their class. The
second is the agreement of their hard slices (images above the similarity threshold) by Cohen's kappa. Unlike a plain
overlap, kappa is not high by chance for two large slices. See docs/analysts/statistics.md.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clarify_errors.arrays.common.array_checks import check_members
from clarify_errors.arrays.common.modeling_errors import BadArray

MAX_SHARE = 0.95  # of the class's images in a slice; with more, a phrase tells none apart
MIN_AGREEMENT = 0.6  # from this kappa on, agreement is called substantial (Landis and Koch 1977)


def agreement(members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Compute Cohen's kappa of each pair of hard slices.

    Parameters
    ----------
    members : bool ndarray of shape (K, n)
        Whether each image is above the threshold of each phrase.

    Returns
    -------
    float64 ndarray of shape (K, K)
        In [-1, 1]; 1 on the diagonal. A slice of no image, or of all images, has kappa 0 with any other.

    Raises
    ------
    BadArray
        If `members` is not a boolean matrix.
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


def selects_nearly_all(members: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which phrases select nearly all images, and so are no concept.

    Such a phrase tells no images apart.

    Parameters
    ----------
    members : bool ndarray of shape (K, n)
        Whether each image is above the threshold of each phrase.

    Returns
    -------
    bool ndarray of shape (K,)
        True for more than `MAX_SHARE` of the images.

    Raises
    ------
    BadArray
        If `members` is not a boolean matrix.
    """
    check_members(members)
    nearly_all: NDArray[np.bool_] = members.mean(axis=1) > MAX_SHARE
    return nearly_all


def centrality(members: NDArray[np.bool_], groups: NDArray[np.integer]) -> NDArray[np.float64]:
    """Compute how central each phrase is to its concept.

    Parameters
    ----------
    members : bool ndarray of shape (K, n)
        Whether each image is above the threshold of each phrase.
    groups : int ndarray of shape (K,)
        Concepts, from `merge`.

    Returns
    -------
    float64 ndarray of shape (K,)
        Mean kappa with the phrases of its concept, itself among them; rounded, so that equal ones are equal.

    Raises
    ------
    BadArray
        If `members` is not a boolean matrix, or `groups` has another length.
    """
    if len(groups) != len(members):
        raise BadArray(f"there are groups of {len(groups)} phrases but slices of {len(members)}")
    kappa, together = agreement(members), groups[:, None] == groups[None, :]
    mean: NDArray[np.float64] = np.where(together, kappa, 0.0).sum(axis=1) / together.sum(axis=1)
    return mean.round(9)


def merge(members: NDArray[np.bool_], words: Sequence[str], min_agreement: float = MIN_AGREEMENT) -> NDArray[np.int64]:
    """Assign a concept to each phrase.

    Phrases with the same words are together. Then the two groups with the largest mean agreement over their pairs of
    phrases are joined, as long as it is at least `min_agreement` (average linkage).

    Parameters
    ----------
    members : bool ndarray of shape (K, n)
        Whether each image of the class is above the threshold of each phrase.
    words : sequence of K str
        Equal texts for phrases with the same words.
    min_agreement : float, default MIN_AGREEMENT
        Smallest mean kappa at which groups are joined.

    Returns
    -------
    int64 ndarray of shape (K,)
        Concepts, numbered from 0 by their first phrases.

    Raises
    ------
    BadArray
        If `members` is not a boolean matrix, or `words` has another length.

    Notes
    -----
    Apart from ties, the partition does not depend on the order of the phrases. Memory and time grow with K².
    """
    check_members(members)
    if len(words) != len(members):
        raise BadArray(f"there are words of {len(words)} phrases but slices of {len(members)}")
    _, group = np.unique(np.asarray(words, dtype=np.str_), return_inverse=True)
    if not len(group):
        return np.empty(0, np.int64)
    # Sum over pairs of phrases, so that a group of m phrases with the same words has the weight of m phrases.
    indicator = np.zeros((group.max() + 1, len(group)))
    indicator[group, np.arange(len(group))] = 1
    pair_sums, sizes = indicator @ agreement(members) @ indicator.T, indicator.sum(axis=1)
    joined = _average_linkage(pair_sums, sizes, min_agreement)
    return _by_first(joined[group])


def _average_linkage(pair_sums: NDArray[np.float64], sizes: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Join the groups that agree most until no pair agrees by `least`: int64[G], a number for each group.

    A chain of nearest neighbours ends in two groups that are each other's nearest. They can be joined at once, since a
    joined group never agrees more with a third than the better of its two parts did.
    """
    sums, sizes = pair_sums.copy(), sizes.copy()
    joined = np.arange(len(sizes))
    alive = np.ones(len(sizes), np.bool_)
    settled = np.zeros(len(sizes), np.bool_)  # agrees with none of the remaining groups
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
        if means[nearest] < least:  # the chain has length 1, because an earlier group in it would be nearer
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
    return rank[inverse]
